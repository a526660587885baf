// A worker's overload manager with its signals, and the doors of its listeners.

import { bodyBytesHeld } from "@sluice/abi/data-path";
import type { ByteAccount } from "../exchange/byte-account.ts";
import { EXCHANGE_COUNTER, type WorkerCounters } from "../exchange/exchange-counters.ts";
import type { HttpServer } from "../exchange/http-server.ts";
import { Admission } from "../overload/admission.ts";
import { ConnectionBoard } from "../overload/connection-board.ts";
import { OverloadManager } from "../overload/overload-manager.ts";
import type { OverloadChange, OverloadState, OverloadTarget } from "../overload/overload-manager.ts";
import { LoopDelay, descriptorsUsed } from "../overload/signals.ts";
import type { SignalShares } from "../overload/signals.ts";
import type { StreamLimits } from "../snapshot/runtime.ts";
import { OVERLOAD_LOOK_MS } from "./limits.ts";

export interface WorkerOverloadParts {
  /** Memory of the ConnectionBoard, all workers alike, and this worker's place in it. */
  readonly connections: SharedArrayBuffer;
  readonly place: number;
  /** How many descriptors the process may have. */
  readonly descriptors: number;
  readonly account: ByteAccount;
  readonly counters: WorkerCounters;
  limits(): StreamLimits;
  changed(change: OverloadChange): void;
}

export class WorkerOverload {
  private readonly parts: WorkerOverloadParts;
  private readonly board: ConnectionBoard;
  private readonly manager: OverloadManager;
  private readonly loopDelay = new LoopDelay();
  private readonly servers: HttpServer[] = [];
  private watch: NodeJS.Timeout | null = null;

  constructor(parts: WorkerOverloadParts) {
    this.parts = parts;
    this.board = new ConnectionBoard(parts.connections, parts.place);
    const { counters, changed } = parts;
    this.manager = new OverloadManager({ counters, read: () => this.read(), changed });
  }

  /** The door of a listener, by its place among the listeners. */
  admissionOf(listener: number): Admission {
    return new Admission(this.board, listener);
  }

  add(server: HttpServer): void {
    this.servers.push(server);
    this.manager.add(server);
  }

  /** Whatever else can do without something. */
  addTarget(target: OverloadTarget): void {
    this.manager.add(target);
  }

  /** Looks from now on; a snapshot must be in charge. */
  start(): void {
    this.loopDelay.start();
    this.watch = setInterval(() => this.manager.look(), OVERLOAD_LOOK_MS);
  }

  stop(): void {
    this.loopDelay.stop();
    if (this.watch !== null) clearInterval(this.watch);
  }

  get state(): OverloadState {
    return this.manager.state;
  }

  private read(): SignalShares {
    const { account, counters, descriptors } = this.parts;
    this.board.noteUpstream(counters[EXCHANGE_COUNTER.upstreamConnectionsLive]!);
    const { overload } = this.parts.limits();
    return {
      loopDelay: shareOf(this.loopDelay.look(), overload.loopDelayMs),
      bytes: shareOf(account.held + bodyBytesHeld(), account.bytesMax),
      descriptors: descriptorsUsed(descriptors, this.board.total) / descriptors,
      pending: this.pending() / overload.pendingRequestsMax,
    };
  }

  /** Clusters are shared by the listeners, so each is counted once. */
  private pending(): number {
    const loads = new Set(this.servers.flatMap(({ upstreams }) => upstreams.loads));
    let waiting = 0;
    for (const load of loads) waiting += load.waiting.size;
    return waiting;
  }
}

/** Of a bound that is none nothing is used. */
function shareOf(used: number, bound: number): number {
  return bound === 0 ? 0 : used / bound;
}
