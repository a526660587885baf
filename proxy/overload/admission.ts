// Whether a listener takes a new connection. What is refused is closed at once: a client that waits learns nothing, and
// holds a descriptor meanwhile.

import type { StreamLimits, Trusted } from "../snapshot/runtime.ts";
import type { ConnectionBoard } from "./connection-board.ts";

/** What was full. */
export type ConnectionRefusal = "listener" | "source" | "overload";

export class Admission {
  /** The overload manager's last resort. */
  refusesAll = false;
  private readonly board: ConnectionBoard;
  private readonly listener: number;

  /** `listener` is its place among the listeners. */
  constructor(board: ConnectionBoard, listener: number) {
    this.board = board;
    this.listener = listener;
  }

  /** null: it is taken, and then `opened` is to be called. */
  refusal(address: string, limits: StreamLimits, trusted: Trusted | null): ConnectionRefusal | null {
    if (this.refusesAll) return "overload";
    if (this.board.ofListener(this.listener) >= limits.connectionsMax) return "listener";
    // Behind a trusted proxy there are many clients. Asked last, since hardly any source comes so far.
    if (this.board.ofSource(address) < limits.connectionsPerSourceMax) return null;
    return trusted !== null && trusted.trusts(address) ? null : "source";
  }

  opened(address: string): void {
    this.board.add(this.listener, address, 1);
  }

  closed(address: string): void {
    this.board.add(this.listener, address, -1);
  }
}
