// HOT: bench proxy.
// Transport over the documented events of a net.Socket or tls.TLSSocket. `raw-transport.ts` is the faster one for TCP;
// this one serves wherever that does not reach, and both pass the same contract.

import { connect as connectSocket, createServer, type Server, type Socket } from "node:net";
import { BACKLOG } from "./limits.ts";
import { NOBODY, type ListenAt, type Transport, type TransportKind, type TransportListener } from "./transport.ts";

const NOTHING = new Uint8Array(0);

export class PlainTransport implements Transport {
  user = NOBODY;
  readonly remoteAddress: string;
  readonly remotePort: number;
  protected readonly socket: Socket;
  private error: Error | null = null;
  private awaitsDrain = false;
  private readonly drained = (): void => this.pendingWritesDone();

  constructor(socket: Socket) {
    this.socket = socket;
    this.remoteAddress = withoutMapping(socket.remoteAddress ?? "");
    this.remotePort = socket.remotePort ?? 0;
    socket.on("connect", () => {
      this.opened();
      this.user.connected();
    });
    socket.on("end", () => this.user.ended());
    socket.on("error", (error: Error) => (this.error = error));
    socket.on("close", () => this.user.closed(this.error));
    this.startReading();
  }

  /** The connection that was asked for is there. */
  opened(): void {}

  protected startReading(): void {
    this.socket.on("data", (chunk: Uint8Array) => this.user.received(chunk, chunk.length));
  }

  get pendingBytes(): number {
    return this.socket.writableLength;
  }

  get isBusy(): boolean {
    return this.socket.writableLength > 0 || this.socket.connecting;
  }

  write(bytes: Uint8Array, length: number): boolean {
    const socket = this.socket;
    if (!socket.writable) return true;
    // Without a callback and below the high-water mark Node schedules no tick for a write that was taken at once.
    socket.write(length === bytes.length ? bytes : bytes.subarray(0, length));
    if (socket.writableLength === 0) return true;
    this.awaitDrain();
    return false;
  }

  /** An empty write behind the pending ones calls back when they are done; 'drain' stays silent below the mark. */
  private awaitDrain(): void {
    if (this.awaitsDrain) return;
    this.awaitsDrain = true;
    this.socket.write(NOTHING, this.drained);
  }

  private pendingWritesDone(): void {
    this.awaitsDrain = false;
    if (this.socket.destroyed) return;
    if (this.socket.writableLength > 0) this.awaitDrain();
    else this.giveCredit();
  }

  protected giveCredit(): void {
    this.user.writable();
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  halfClose(): void {
    this.socket.end();
  }

  close(): void {
    this.socket.destroy();
  }

  unref(): void {
    this.socket.unref();
  }
}

/** A listener on `::` has IPv4 clients too, as `::ffff:192.0.2.1`: to records, rules and the upstream they are IPv4. */
function withoutMapping(address: string): string {
  return address.startsWith(MAPPED) && address.includes(".") ? address.slice(MAPPED.length) : address;
}
const MAPPED = "::ffff:";

/** TCP by the documented events. */
export const plainTcp: TransportKind = {
  listen: (at, accepted, failed) =>
    listenOn(
      () => createServer({ allowHalfOpen: true, noDelay: true }, (socket) => accepted(new PlainTransport(socket))),
      at,
      failed,
    ),
  connect: (host, port) => new PlainTransport(connectSocket({ host, port, allowHalfOpen: true, noDelay: true })),
};

/** Starts a server for each descriptor, or one for the address, and gives their face; for kinds that accept through node:net. */
export async function listenOn(
  open: () => Server,
  at: ListenAt,
  failed: () => void = () => {},
): Promise<TransportListener> {
  const places = "host" in at ? [at] : at;
  const listeners = await Promise.all(places.map((place) => listenAt(open(), place, failed)));
  return {
    port: listeners[0]!.port,
    close: () => listeners.forEach((listener) => listener.close()),
  };
}

function listenAt(
  server: Server,
  place: number | { readonly host: string; readonly port: number },
  failed: () => void,
): Promise<TransportListener> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.once("listening", () => {
      server.off("error", reject);
      // Accept errors (no descriptors left) must not end the worker; the connection is lost, the listener goes on.
      server.on("error", failed);
      const address = server.address();
      resolve({ port: typeof address === "object" && address ? address.port : 0, close: () => void server.close() });
    });
    if (typeof place === "number") listenAtDescriptor(server, place);
    else server.listen({ ...place, backlog: BACKLOG });
  });
}

/** For a descriptor Node takes the backlog from its second argument only, which its types do not know. */
function listenAtDescriptor(server: Server, fd: number): void {
  (server.listen as (at: { fd: number }, backlog: number) => Server).call(server, { fd }, BACKLOG);
}
