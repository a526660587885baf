// HOT: bench proxy.
// TCP read straight into one buffer that all connections of a thread share (`onread`), and read and written at the
// handle itself: no allocation and no stream machinery, which costs as much as a tenth of a request. None of that has a
// documented way: the handle of an accepted socket is taken over from one that was accepted paused, and how many bytes
// came stands in a binding. Where a Node has these no more its streams serve instead; each way passes the same contract.

import {
  connect as connectSocket,
  createServer,
  Socket,
  type OnReadOpts,
  type Server,
  type SocketConstructorOpts,
} from "node:net";
import { FULL_READS_PER_TURN_MAX, KEPT_STARTS_MAX, READ_BYTES } from "./limits.ts";
import { listenOn, PlainTransport } from "./plain-transport.ts";
import { readBuffer } from "./read-buffer.ts";
import type { Transport, TransportKind } from "./transport.ts";

/** What we use of a socket's handle; not in the manual. */
interface Handle {
  /** Called for every read; what it is about stands in `streamState`. */
  onread: (this: Handle, bytes: ArrayBuffer | undefined) => void;
  writeBuffer(request: WriteRequest, bytes: Uint8Array): number;
  readonly writeQueueSize: number;
  /** Ours: whom reads are for. */
  transport?: RawTransport;
}
interface WriteRequest {
  oncomplete: (this: WriteRequest, status: number) => void;
  transport: RawTransport | null;
  /** What is being written. libuv knows its address only: were it collected, the peer would get whatever lies there next. */
  buffer: Uint8Array | null;
}
interface HandleOwner {
  _handle: Handle | null;
}

/** What Node's streams know of the call that a handle has just made or served; not in the manual either. */
interface StreamBinding {
  readonly streamBaseState: Int32Array;
  readonly kReadBytesOrError: number;
  readonly kLastWriteWasAsync: number;
  readonly WriteWrap: new () => WriteRequest;
}

const binding = streamBinding();
const READ_LENGTH = binding?.kReadBytesOrError ?? 0;
const WAS_ASYNC = binding?.kLastWriteWasAsync ?? 0;
const streamState = binding?.streamBaseState ?? new Int32Array(1);
/** A write that the kernel takes at once leaves its request as it was, so one serves until a write pends. */
let spareRequest: WriteRequest | null = null;

/** null where this Node has them no more: then its own streams read and write for us. */
function streamBinding(): StreamBinding | null {
  try {
    const { binding } = process as unknown as { binding: (name: string) => StreamBinding };
    const found = binding("stream_wrap");
    const { streamBaseState, kReadBytesOrError, kLastWriteWasAsync, WriteWrap } = found;
    const isWhole =
      streamBaseState instanceof Int32Array &&
      streamBaseState.length > Math.max(kReadBytesOrError, kLastWriteWasAsync) &&
      typeof WriteWrap === "function";
    return isWhole ? found : null;
  } catch {
    return null;
  }
}

/**
 * Reads and writes go to the handle itself: the stream machinery around it costs as much as building a head. It is left
 * out only where nothing of it is needed: a connected socket on which nothing of Node's own is pending.
 */
class RawTransport extends PlainTransport {
  private directWrites = 0;
  private fullReads = 0;
  private isPausedByUser = false;
  /** Writes may go to the handle: connected, not ended by us, and Node has none of them under way. */
  private isDirect = false;
  private readonly readOn = (): void => {
    if (!this.isPausedByUser) super.resume();
  };

  /** Reads come through `onread`, not as events. */
  protected override startReading(): void {}

  /** The socket is connected: its handle is the one it keeps. */
  override opened(): void {
    const { _handle: handle } = this.socket as unknown as HandleOwner;
    if (handle === null || binding === null || typeof handle.writeBuffer !== "function") return;
    handle.transport = this;
    nodeOnRead ??= handle.onread;
    handle.onread = readDirectly;
    this.isDirect = !super.isBusy;
  }

  /** libuv reads on while reads are full; a bulk transfer must not keep the other connections waiting. */
  take(bytes: Uint8Array, length: number): void {
    if (length < READ_BYTES) {
      this.fullReads = 0;
      this.user.received(bytes, length);
      return;
    }
    this.user.received(bytes, length);
    if (++this.fullReads === FULL_READS_PER_TURN_MAX) {
      this.fullReads = 0;
      super.pause();
      setImmediate(this.readOn);
    }
  }

  override pause(): void {
    this.isPausedByUser = true;
    super.pause();
  }

  override resume(): void {
    this.isPausedByUser = false;
    super.resume();
  }

  override halfClose(): void {
    this.isDirect = false;
    super.halfClose();
  }

  override get pendingBytes(): number {
    const handle = (this.socket as unknown as HandleOwner)._handle;
    return super.pendingBytes + (this.directWrites > 0 && handle !== null ? handle.writeQueueSize : 0);
  }

  override get isBusy(): boolean {
    return this.directWrites > 0 || (!this.isDirect && super.isBusy);
  }

  override write(bytes: Uint8Array, length: number): boolean {
    const { socket } = this;
    const handle = (socket as unknown as HandleOwner)._handle;
    if (!this.isDirect || handle === null) return super.write(bytes, length) && this.directWrites === 0;
    const request = (spareRequest ??= new binding!.WriteWrap());
    const status = handle.writeBuffer(request, startOf(bytes, length));
    if (status !== 0) {
      socket.destroy(new Error(`write failed with ${status}`));
      return true;
    }
    if (streamState[WAS_ASYNC] === 0) return this.directWrites === 0;
    spareRequest = null;
    request.transport = this;
    request.buffer = bytes;
    request.oncomplete = writeCompleted;
    this.directWrites++;
    return false;
  }

  directWriteDone(status: number): void {
    this.directWrites--;
    if (this.socket.destroyed) return;
    if (status !== 0) this.socket.destroy(new Error(`write failed with ${status}`));
    else if (!super.isBusy) this.giveCredit();
  }

  protected override giveCredit(): void {
    this.isDirect ||= (this.socket as unknown as HandleOwner)._handle?.transport === this && this.socket.writable;
    if (this.directWrites === 0) this.user.writable();
  }
}

/** Beginnings of the buffer written last, by length: most writes are of the one in which output is staged. */
const starts: (Uint8Array | undefined)[] = Array.from({ length: KEPT_STARTS_MAX + 1 });
let startsOf: Uint8Array | null = null;

/** `bytes[0, length)`. To make a view costs as much as to fill it. */
function startOf(bytes: Uint8Array, length: number): Uint8Array {
  if (length === bytes.length) return bytes;
  if (length > KEPT_STARTS_MAX) return new Uint8Array(bytes.buffer, bytes.byteOffset, length);
  if (bytes !== startsOf) {
    startsOf = bytes;
    starts.fill(undefined);
  }
  return (starts[length] ??= new Uint8Array(bytes.buffer, bytes.byteOffset, length));
}

function writeCompleted(this: WriteRequest, status: number): void {
  this.transport!.directWriteDone(status);
}

/** What Node does with a read: ends, errors, and reads that are not for our buffer. */
let nodeOnRead: ((this: Handle, bytes: ArrayBuffer | undefined) => void) | null = null;

function readDirectly(this: Handle, bytes: ArrayBuffer | undefined): void {
  const length = streamState[READ_LENGTH]!;
  if (length > 0 && bytes === undefined) this.transport!.take(readBuffer, length);
  else nodeOnRead!.call(this, bytes);
}

/** Finds the transport that a read is for; `onread` is fixed before the transport can exist. */
class Reader implements OnReadOpts {
  readonly buffer = readBuffer;
  transport: RawTransport | null = null;
  readonly callback = (length: number, bytes: Uint8Array): boolean => {
    this.transport!.take(bytes, length);
    return true;
  };
}

export const rawTcp: TransportKind = {
  listen: (at, accepted, failed) => listenOn(() => rawServer(accepted), at, failed),
  connect: (host, port) => {
    const reader = new Reader();
    const socket = connectSocket({ host, port, allowHalfOpen: true, noDelay: true, onread: reader });
    return (reader.transport = new RawTransport(socket));
  },
};

/** What we use of a listening socket's handle; not in the manual. */
interface ListeningHandle {
  onconnection: (this: ListeningHandle, status: number, connection: AcceptedHandle | undefined) => void;
}
interface AcceptedHandle extends Handle {
  setNoDelay(on: boolean): number;
}

function rawServer(accepted: (transport: Transport) => void): Server {
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) =>
    accepted(takeOver(socket)),
  );
  server.once("listening", () => {
    const { _handle: handle } = server as unknown as { _handle: ListeningHandle | null };
    if (binding !== null && typeof handle?.onconnection === "function") acceptDirectly(handle, accepted);
  });
  return server;
}

/** Spares the socket that Node would make of a connection before we take its handle: a third of what an accept costs. */
function acceptDirectly(handle: ListeningHandle, accepted: (transport: Transport) => void): void {
  const { onconnection: acceptByNode } = handle;
  handle.onconnection = function (status, connection) {
    if (status !== 0 || connection === undefined) {
      acceptByNode.call(this, status, connection);
      return;
    }
    connection.setNoDelay(true);
    accepted(transportOf(connection));
  };
}

/** The same of a socket that Node has made. It must not be closed any more. */
function takeOver(accepted: Socket): Transport {
  const owner = accepted as unknown as HandleOwner;
  const handle = owner._handle;
  if (handle === null) return resumed(accepted);
  owner._handle = null;
  return transportOf(handle);
}

/** Wraps an accepted handle in a socket that reads into our buffer. */
function transportOf(handle: Handle): Transport {
  const reader = new Reader();
  const options = { handle, allowHalfOpen: true, onread: reader } as unknown as SocketConstructorOpts;
  const socket = new Socket(options);
  const transport = (reader.transport = new RawTransport(socket));
  transport.opened();
  return transport;
}

function resumed(accepted: Socket): Transport {
  const transport = new PlainTransport(accepted);
  accepted.resume();
  return transport;
}
