// One slot's part in one TCP stream: its instance and context, what it holds of either direction. The rules are in
// tcp-stream.ts.

import type { Instance } from "../host/plugin.ts";
import { Additions } from "../stream/additions.ts";
import { BodyBuffer } from "../stream/body-buffer.ts";
import type { ChainSlot, SlotRevision } from "../stream/chain.ts";

/** Bytes of one direction that a filter stopped, or looks at now. */
export class HeldData {
  readonly buffer = new BodyBuffer();
  /** Nothing more comes. */
  hasEnd = false;
  /** The filter stopped it; it sees it again with what comes next. */
  isStopped = false;
  /** The filter's callback runs. */
  isOpen = false;
  /** proxy_continue_stream was called meanwhile. */
  isResumed = false;

  constructor(bytesMax: number) {
    this.buffer.lengthMax = bytesMax;
  }

  push(chunk: Uint8Array, endOfStream: boolean): void {
    this.buffer.push(chunk);
    this.hasEnd ||= endOfStream;
  }

  /** All of it, to be passed on; valid until the next push. */
  take(): Uint8Array {
    const content = this.buffer.content();
    this.buffer.clear();
    this.isStopped = false;
    return content;
  }
}

export class TcpSlot {
  readonly slot: ChainSlot;
  readonly revision: SlotRevision;
  /** null: not loaded, failed, left out, or through. */
  instance: Instance | null = null;
  contextId = 0;
  hasToldUpstreamClose = false;
  readonly held: readonly [HeldData, HeldData];
  readonly additions = new Additions();
  /** Why it could not do its work; null while all is well. */
  failure: string | null = null;

  constructor(slot: ChainSlot, heldBytesMax: number) {
    this.slot = slot;
    // A split chooses by a request's head, and there is none.
    this.revision = slot.revisions[0]!;
    this.held = [new HeldData(heldBytesMax), new HeldData(heldBytesMax)];
  }

  commit(): void {
    this.held[0].buffer.commit();
    this.held[1].buffer.commit();
    this.additions.commit();
  }

  rollback(): void {
    this.held[0].buffer.rollback();
    this.held[1].buffer.rollback();
    this.additions.rollback();
  }
}
