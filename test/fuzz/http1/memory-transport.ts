// Connections without sockets: bytes go through a queue that the test works off, so that a case takes no time but its
// own and is the same on every run. Nothing is copied for the proxy's sake: what it lends is spoilt when it is returned,
// and what it gave away is read as late as may be.

import { NOBODY, type Transport, type TransportKind } from "../../../proxy/transport/transport.ts";

/** What happens next, in order. */
export class Happenings {
  private readonly queue: (() => void)[] = [];

  post(happening: () => void): void {
    this.queue.push(happening);
  }

  /** Works off all there is, and what comes of it in later turns of the loop, until nothing more does. */
  async settle(): Promise<void> {
    for (let quietTurns = 0; quietTurns < 3; quietTurns++) {
      for (let next = this.queue.shift(); next !== undefined; next = this.queue.shift()) {
        next();
        quietTurns = 0;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** The far end of a connection, which the test holds. */
export interface FarEnd {
  heard(bytes: Buffer): void;
  heardEnd(): void;
  heardClose(): void;
}

const SPOILT = 0x58;
const scratch = Buffer.alloc(256 * 1024);

export class MemoryTransport implements Transport {
  user = NOBODY;
  readonly remoteAddress = "192.0.2.1";
  readonly remotePort = 4711;
  far: FarEnd | null = null;
  isClosed = false;
  private readonly happenings: Happenings;
  /** Every how many writes one pends. */
  private readonly pendsEvery: number;
  private readonly inbox: (Buffer | "end")[] = [];
  private readonly outbox: { bytes: Uint8Array; length: number }[] = [];
  private writes = 0;
  private isOpen: boolean;
  private isPaused = false;
  private hasEnded = false;

  constructor(happenings: Happenings, isOpen: boolean, pendsEvery: number) {
    this.happenings = happenings;
    this.isOpen = isOpen;
    this.pendsEvery = pendsEvery;
  }

  // ---- the proxy's side

  get pendingBytes(): number {
    return this.outbox.reduce((sum, { length }) => sum + length, 0);
  }

  get isBusy(): boolean {
    return !this.isOpen || this.outbox.length > 0;
  }

  write(bytes: Uint8Array, length: number): boolean {
    if (this.isClosed || this.hasEnded) return true;
    this.writes++;
    if (!this.isBusy && this.writes % this.pendsEvery !== 0) {
      this.far?.heard(Buffer.from(bytes.subarray(0, length)));
      return true;
    }
    this.outbox.push({ bytes, length });
    this.happenings.post(() => this.deliver());
    return false;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    this.happenings.post(() => this.takeIn());
  }

  halfClose(): void {
    if (this.isClosed || this.hasEnded) return;
    this.hasEnded = true;
    this.happenings.post(() => {
      this.deliver();
      if (!this.isClosed) this.far?.heardEnd();
    });
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.happenings.post(() => {
      this.far?.heardClose();
      this.user.closed(null);
    });
  }

  unref(): void {}

  // ---- the test's side

  open(): void {
    if (this.isClosed) return;
    this.isOpen = true;
    this.user.connected();
    this.deliver();
  }

  say(pieces: readonly (Buffer | "end")[]): void {
    this.inbox.push(...pieces);
    this.happenings.post(() => this.takeIn());
  }

  private deliver(): void {
    if (!this.isOpen || this.isClosed || this.outbox.length === 0) return;
    for (const { bytes, length } of this.outbox.splice(0)) this.far?.heard(Buffer.from(bytes.subarray(0, length)));
    this.user.writable();
  }

  /** One piece a happening, so that others come between. */
  private takeIn(): void {
    if (this.isPaused || this.isClosed) return;
    const piece = this.inbox.shift();
    if (piece === undefined) return;
    if (piece === "end") this.user.ended();
    else {
      piece.copy(scratch);
      this.user.received(scratch, piece.length);
      scratch.fill(SPOILT, 0, piece.length);
    }
    this.happenings.post(() => this.takeIn());
  }
}

/** The kind for a server: `accept` makes a connection to it, `connected` is told of those that it makes. */
export class MemoryNetwork implements TransportKind {
  readonly happenings = new Happenings();
  pendsEvery = 3;
  connected: (transport: MemoryTransport) => void = () => {};
  private accepted: (transport: Transport) => void = () => {};

  listen(_at: unknown, accepted: (transport: Transport) => void): Promise<{ port: number; close(): void }> {
    this.accepted = accepted;
    return Promise.resolve({ port: 1, close() {} });
  }

  connect(): Transport {
    const transport = new MemoryTransport(this.happenings, false, this.pendsEvery);
    this.happenings.post(() => {
      this.connected(transport);
      transport.open();
    });
    return transport;
  }

  accept(far: FarEnd): MemoryTransport {
    const transport = new MemoryTransport(this.happenings, true, this.pendsEvery);
    transport.far = far;
    this.accepted(transport);
    return transport;
  }
}
