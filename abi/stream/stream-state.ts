// HOT: bench proxy.
// What the parts of one stream share: its messages, its slots, its driver. Fields only; the rules are in stream.ts (what
// follows from what), slot-calls.ts (calls into guests), checks.ts and hostcall-context.ts (what guests ask back).

import type { Head } from "../head/head.ts";
import type { Chain, ChainPlan } from "./chain.ts";
import type { StreamDriver } from "./driver.ts";
import { SLOTS_MAX } from "./limits.ts";
import { MessageFlow } from "./message-flow.ts";
import type { FlowOwner } from "./message-flow.ts";
import type { ReadLog } from "./read-log.ts";
import { SlotRun } from "./slot-run.ts";

/** Directions, as the ABI's stream types. */
export const REQUEST = 0;
export const RESPONSE = 1;

export class StreamState {
  chain: Chain | null = null;
  plan: ChainPlan | null = null;
  driver: StreamDriver | null = null;
  readonly request: MessageFlow;
  readonly response: MessageFlow;
  /** By chain index; only those of `asked` mean anything. */
  readonly runs: SlotRun[] = [];
  /** Chain indexes of the slots that were asked, in order. */
  readonly asked = new Uint8Array(SLOTS_MAX);
  slotCount = 0;
  /** Slots that have an instance and may still be shown a part of a message. */
  liveMask = 0;
  /** Slots whose revision the driver chose, and by chain index which; the rest are their split's to choose. */
  forcedMask = 0;
  readonly forcedArms = new Uint8Array(SLOTS_MAX);
  /** The messages are over; only the last callbacks still run. */
  isFinished = false;
  readLog: ReadLog | null = null;

  constructor(owner: FlowOwner) {
    this.request = new MessageFlow(owner, REQUEST);
    this.response = new MessageFlow(owner, RESPONSE);
  }

  open(chain: Chain, slotMask: number, driver: StreamDriver, requestHead: Head): void {
    this.chain = chain;
    this.plan = chain.planOf(slotMask & chain.all);
    this.driver = driver;
    this.request.reset();
    this.response.reset();
    this.request.head = requestHead;
    this.slotCount = 0;
    this.liveMask = 0;
    this.forcedMask = 0;
    this.isFinished = false;
    this.readLog = null;
  }

  /** Lets go of everything that is not this object's own. */
  close(): void {
    this.chain = null;
    this.plan = null;
    this.driver = null;
    this.readLog = null;
    this.request.head = this.request.trailers = null;
    this.response.head = this.response.trailers = null;
  }

  /** The run of a slot that is asked now for the first time, by its revision at `arm`. */
  addRun(slot: number, arm: number): SlotRun {
    const chain = this.chain!;
    while (this.runs.length <= slot) this.runs.push(new SlotRun());
    const run = this.runs[slot]!;
    run.reset(chain.slots[slot]!, arm, chain.bodyBufferBytesMax);
    this.asked[this.slotCount++] = slot;
    return run;
  }

  /** The i-th slot that was asked. */
  runAt(i: number): SlotRun {
    return this.runs[this.asked[i]!]!;
  }

  /** By the ABI's map type: request headers, request trailers, response headers, response trailers. */
  mapOf(mapType: number): Head | null {
    switch (mapType) {
      case 0:
        return this.request.head;
      case 1:
        return this.request.trailers;
      case 2:
        return this.response.head;
      default:
        return this.response.trailers;
    }
  }
}
