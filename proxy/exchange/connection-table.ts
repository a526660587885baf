// HOT: bench proxy.
// Every downstream connection of a server with its deadlines, in ticks of the sweep, so that setting one is a store
// and a sweep reads two flat arrays. It is also the only count of connections: Node's own is wrong for raw transports.

import { SWEEP_MS } from "./limits.ts";

const WAIT = 0;
const RESPONSE = 1;
const REQUEST = 2;
const STREAM = 3;
const COLUMNS = 4;
const NEVER = 0x7fffffff;

export interface TableConnection {
  tableIndex: number;
  deadlineReached(): void;
  responseDeadlineReached(): void;
  /** Of the stream that began last; it may be over, or its request whole. */
  requestDeadlineReached(): void;
  streamDeadlineReached(): void;
}

export class ConnectionTable<T extends TableConnection> {
  private readonly connections: T[] = [];
  private deadlines = new Int32Array(256 * COLUMNS).fill(NEVER);
  private tick = 0;

  get count(): number {
    return this.connections.length;
  }

  add(connection: T): void {
    const index = this.connections.length;
    connection.tableIndex = index;
    this.connections.push(connection);
    if ((index + 1) * COLUMNS > this.deadlines.length) this.grow();
    this.deadlines.fill(NEVER, index * COLUMNS, (index + 1) * COLUMNS);
  }

  /** The last connection moves to the free place. */
  remove(connection: T): void {
    const index = connection.tableIndex;
    const last = this.connections.pop();
    connection.tableIndex = -1;
    if (last === undefined || last === connection) return;
    this.connections[index] = last;
    last.tableIndex = index;
    this.deadlines.copyWithin(index * COLUMNS, this.count * COLUMNS, (this.count + 1) * COLUMNS);
  }

  /** The next thing must come within `ms`; replaces the wait before. */
  wait(connection: T, ms: number): void {
    if (connection.tableIndex >= 0) this.deadlines[connection.tableIndex * COLUMNS + WAIT] = this.tickIn(ms);
  }

  /** The response must be whole within `ms`; 0: no bound. */
  respondWithin(connection: T, ms: number): void {
    if (connection.tableIndex < 0) return;
    this.deadlines[connection.tableIndex * COLUMNS + RESPONSE] = ms === 0 ? NEVER : this.tickIn(ms);
  }

  /** A stream begins: its request and its answer must be whole in time. They hold until the next begins; 0: no bound. */
  begin(connection: T, requestMs: number, streamMs: number): void {
    if (connection.tableIndex < 0) return;
    const at = connection.tableIndex * COLUMNS;
    this.deadlines[at + REQUEST] = requestMs === 0 ? NEVER : this.tickIn(requestMs);
    this.deadlines[at + STREAM] = streamMs === 0 ? NEVER : this.tickIn(streamMs);
  }

  /** Called every SWEEP_MS. */
  sweep(): void {
    this.tick++;
    // Backwards, because a connection that is dropped meanwhile is replaced by the last one, which was looked at.
    for (let index = this.connections.length - 1; index >= 0; index--) {
      const connection = this.connections[index];
      if (connection === undefined) continue;
      if (this.take(index, RESPONSE)) connection.responseDeadlineReached();
      else if (this.take(index, REQUEST)) connection.requestDeadlineReached();
      else if (this.take(index, STREAM)) connection.streamDeadlineReached();
      else if (this.take(index, WAIT)) connection.deadlineReached();
    }
  }

  each(act: (connection: T) => void): void {
    // Backwards, because what is done to a connection may take it out of the table.
    for (let index = this.connections.length - 1; index >= 0; index--) {
      const connection = this.connections[index];
      if (connection !== undefined) act(connection);
    }
  }

  find(isWanted: (connection: T) => boolean): T | undefined {
    return this.connections.find(isWanted);
  }

  private take(index: number, column: number): boolean {
    const at = index * COLUMNS + column;
    if (this.deadlines[at]! > this.tick) return false;
    this.deadlines[at] = NEVER;
    return true;
  }

  /** Rounded up, and one more because the running tick is already partly over. */
  private tickIn(ms: number): number {
    return this.tick + Math.ceil(ms / SWEEP_MS) + 1;
  }

  private grow(): void {
    const larger = new Int32Array(this.deadlines.length * 2);
    larger.set(this.deadlines);
    this.deadlines = larger;
  }
}
