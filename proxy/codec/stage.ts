// HOT: bench proxy.
// Where output is put together before it is sent: a head, its framing and the first body bytes leave in one write. One
// stage serves all connections of a worker; whoever stages next sends first what another left. A buffer that the kernel
// did not take whole belongs to its write, so the stage goes on with another.

import type { Transport } from "../transport/transport.ts";
import { copy } from "./bytes.ts";
import { STAGE_BYTES } from "./limits.ts";

/** Whose output is staged. */
export interface StageOwner {
  readonly transport: Transport;
  /** The peer is slower than we write: stop the source until `user.writable()`. */
  writePended(bytes: number): void;
}

export class OutputStage {
  bytes: Uint8Array = Buffer.allocUnsafeSlow(STAGE_BYTES);
  length = 0;
  private owner: StageOwner | null = null;
  private inTurn = false;
  private isScheduled = false;
  private readonly flushLater = (): void => {
    this.isScheduled = false;
    this.flush();
  };

  /** Everything the event loop calls begins and ends a turn; what was staged is sent at the end. */
  beginTurn(): void {
    this.inTurn = true;
  }

  endTurn(): void {
    this.inTurn = false;
    if (this.length > 0) this.flush();
  }

  /** Makes room for `bytes` of `owner`'s output behind what it has staged. The caller then writes and adds to `length`. */
  take(owner: StageOwner, bytes: number): void {
    if (this.length > 0 && (this.owner !== owner || this.length + bytes > this.bytes.length)) this.flush();
    if (bytes > this.bytes.length) this.bytes = Buffer.allocUnsafeSlow(bytes);
    this.owner = owner;
    // A filter that goes on from a tick or a timer stages outside of any turn of ours.
    if (!this.inTurn && !this.isScheduled) {
      this.isScheduled = true;
      process.nextTick(this.flushLater);
    }
  }

  /** Stages `from[start, end)` for `owner`. */
  put(owner: StageOwner, from: Uint8Array, start: number, end: number): void {
    this.take(owner, end - start);
    copy(from, start, end, this.bytes, this.length);
    this.length += end - start;
  }

  /** Forgets what `owner` staged and did not send: its connection is being cut. */
  discard(owner: StageOwner): void {
    if (this.owner !== owner) return;
    this.length = 0;
    this.owner = null;
  }

  flush(): void {
    const { owner, length } = this;
    this.length = 0;
    this.owner = null;
    if (owner === null || length === 0) return;
    const { transport } = owner;
    if (transport.isBusy) {
      // It will pend for certain, and a copy made before the write is safe: no need to give the large buffer away.
      // `slice` of a Buffer would be a view of it; that of Uint8Array copies.
      transport.write(Uint8Array.prototype.slice.call(this.bytes, 0, length), length);
      owner.writePended(length);
    } else if (!transport.write(this.bytes, length)) {
      this.bytes = Buffer.allocUnsafeSlow(STAGE_BYTES);
      owner.writePended(STAGE_BYTES);
    }
  }
}
