// A TCP connection in memory, for tests of filters: a client and an upstream that say and close what they are told to, with
// the filters between them. Sources that were told to wait keep what they say until they may go on.

import { PeerType } from "../spec/enums.ts";
import type { Chain } from "../stream/chain.ts";
import type { Direction, StreamFlag } from "../stream/driver.ts";
import type { TcpDriver } from "./tcp-driver.ts";
import { TcpStream } from "./tcp-stream.ts";

const CLIENT = 0;
const UPSTREAM = 1;

/** What the connection passes, and what it answers of itself. */
export interface MemoryConnectionOptions {
  readonly chain: Chain;
  /** By path, segments joined by NUL, in the encodings of properties. */
  readonly properties?: Readonly<Record<string, Uint8Array>>;
}

/** A driver that keeps what filters let through of a TCP connection. */
export class MemoryConnection implements TcpDriver {
  readonly stream: TcpStream;
  /** What happened to both peers, in order: `connect`, `> "bytes"`, `< "bytes" end`, `close upstream` … */
  readonly transcript: string[] = [];
  isConnected = false;
  isClientOpen = true;
  isUpstreamOpen = false;
  /** Why the connection was cut; null while it was not. */
  flag: StreamFlag | null = null;
  private readonly properties: Readonly<Record<string, Uint8Array>>;
  private readonly received: [toUpstream: Buffer[], toClient: Buffer[]] = [[], []];
  private readonly isWaiting: [client: boolean, upstream: boolean] = [false, false];
  private readonly unsaid: [client: (() => void)[], upstream: (() => void)[]] = [[], []];
  private readonly isTelling: [client: boolean, upstream: boolean] = [false, false];

  /** The client connects. */
  constructor({ chain, properties = {} }: MemoryConnectionOptions) {
    this.properties = properties;
    this.stream = new TcpStream({ chain, driver: this });
    this.stream.open();
  }

  /** Everything the upstream has received. */
  get toUpstream(): string {
    return Buffer.concat(this.received[CLIENT]).toString();
  }
  /** Everything the client has received. */
  get toClient(): string {
    return Buffer.concat(this.received[UPSTREAM]).toString();
  }

  clientSays(bytes: string | Uint8Array): void {
    this.say(CLIENT, () => this.stream.downstreamData(Buffer.from(bytes), false));
  }
  /** The client says nothing more, and listens. */
  clientEnds(): void {
    this.say(CLIENT, () => this.stream.downstreamData(Buffer.alloc(0), true));
  }
  clientCloses(): void {
    this.say(CLIENT, () => {
      this.isClientOpen = false;
      this.stream.downstreamClosed(PeerType.Remote);
    });
  }

  upstreamSays(bytes: string | Uint8Array): void {
    this.say(UPSTREAM, () => this.stream.upstreamData(Buffer.from(bytes), false));
  }
  /** The upstream says nothing more, and listens. */
  upstreamEnds(): void {
    this.say(UPSTREAM, () => this.stream.upstreamData(Buffer.alloc(0), true));
  }
  upstreamCloses(): void {
    this.say(UPSTREAM, () => {
      this.isUpstreamOpen = false;
      this.stream.upstreamClosed(PeerType.Remote);
    });
  }

  // ── TcpDriver ───────────────────────────────────────────────────────────────────────────────────────────────────────

  connect(): void {
    this.isConnected = true;
    this.isUpstreamOpen = true;
    this.transcript.push("connect");
  }

  send(direction: Direction, chunk: Uint8Array, endOfStream: boolean): void {
    const bytes = Buffer.from(new Uint8Array(chunk));
    this.received[direction].push(bytes);
    this.transcript.push(`${direction === CLIENT ? ">" : "<"} "${bytes}"${endOfStream ? " end" : ""}`);
  }

  pauseReads(direction: Direction): void {
    this.isWaiting[direction] = true;
  }

  resumeReads(direction: Direction): void {
    this.isWaiting[direction] = false;
    this.sayRest(direction);
  }

  closeDownstream(): void {
    this.isClientOpen = false;
    this.transcript.push("close downstream");
  }

  closeUpstream(): void {
    this.isUpstreamOpen = false;
    this.transcript.push("close upstream");
  }

  abort(flag: StreamFlag): void {
    this.flag = flag;
    this.isClientOpen = false;
    this.isUpstreamOpen = false;
    this.transcript.push(`abort ${flag}`);
  }

  property(path: string): Uint8Array | null {
    return this.properties[path] ?? null;
  }

  private say(from: typeof CLIENT | typeof UPSTREAM, tell: () => void): void {
    this.unsaid[from].push(tell);
    this.sayRest(from);
  }

  private sayRest(from: Direction): void {
    if (this.isTelling[from]) return;
    this.isTelling[from] = true;
    while (!this.isWaiting[from] && this.unsaid[from].length > 0) this.unsaid[from].shift()!();
    this.isTelling[from] = false;
  }
}
