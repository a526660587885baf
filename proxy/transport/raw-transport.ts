// HOT: bench proxy.
// TCP read straight into one buffer that all connections of a thread share (`onread`): no allocation and no stream
// machinery per read, 5-10 % less CPU per request than 'data' events. For accepted sockets Node has no documented way
// to ask for it: the handle is taken over from a socket that was accepted paused. If that ever stops to work, such
// connections are served by PlainTransport; both pass the same contract.

import { connect as connectSocket, createServer, Socket, type OnReadOpts, type SocketConstructorOpts } from "node:net";
import { FULL_READS_PER_TURN_MAX, READ_BYTES } from "./limits.ts";
import { listenOn, PlainTransport } from "./plain-transport.ts";
import type { Transport, TransportKind } from "./transport.ts";

/** Shared by all connections: a read is used up before the next one begins, whoever it is for. */
const readBuffer = Buffer.allocUnsafeSlow(READ_BYTES);

/** What we use of a socket's handle; not in the manual. */
interface Handle {
  writeBuffer(request: WriteRequest, bytes: Uint8Array): number;
  readonly writeQueueSize: number;
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

/** Learned from the first write that Node itself makes: the type has no other public way to it. */
let WriteRequestType: (new () => WriteRequest) | null = null;
/** A write that the kernel takes at once leaves its request as it was, so one serves until a write pends. */
let spareRequest: WriteRequest | null = null;

/**
 * Writes go to the handle itself: the stream machinery around it costs as much as building a head. It is left out only
 * where nothing of it is needed: a connected socket on which nothing of Node's own is pending.
 */
class RawTransport extends PlainTransport {
  private directWrites = 0;
  private fullReads = 0;
  private isPausedByUser = false;
  private readonly readOn = (): void => {
    if (!this.isPausedByUser) super.resume();
  };

  /** Reads come through `onread`, not as events. */
  protected override startReading(): void {}

  /** libuv reads on while reads are full; a bulk transfer must not keep the other connections waiting. */
  take(bytes: Uint8Array, length: number): void {
    this.user.received(bytes, length);
    if (length < READ_BYTES) this.fullReads = 0;
    else if (++this.fullReads === FULL_READS_PER_TURN_MAX) {
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

  override get pendingBytes(): number {
    const handle = (this.socket as unknown as HandleOwner)._handle;
    return super.pendingBytes + (this.directWrites > 0 && handle !== null ? handle.writeQueueSize : 0);
  }

  override get isBusy(): boolean {
    return this.directWrites > 0 || super.isBusy;
  }

  override write(bytes: Uint8Array, length: number): boolean {
    const { socket } = this;
    const handle = (socket as unknown as HandleOwner)._handle;
    if (WriteRequestType === null && handle !== null) learnWriteRequest(handle);
    if (WriteRequestType === null || handle === null || super.isBusy || !socket.writable) {
      return super.write(bytes, length) && this.directWrites === 0;
    }
    const request = (spareRequest ??= new WriteRequestType());
    const status = handle.writeBuffer(request, new Uint8Array(bytes.buffer, bytes.byteOffset, length));
    if (status !== 0) {
      socket.destroy(new Error(`write failed with ${status}`));
      return true;
    }
    if (handle.writeQueueSize === 0) return this.directWrites === 0;
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
    if (this.directWrites === 0) this.user.writable();
  }
}

function writeCompleted(this: WriteRequest, status: number): void {
  this.transport!.directWriteDone(status);
}

function learnWriteRequest(handle: Handle): void {
  const { writeBuffer } = handle;
  if (typeof writeBuffer !== "function" || typeof handle.writeQueueSize !== "number") return;
  handle.writeBuffer = (request, bytes) => {
    WriteRequestType = request.constructor as new () => WriteRequest;
    handle.writeBuffer = writeBuffer;
    return writeBuffer.call(handle, request, bytes);
  };
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
  listen: (at, accepted) =>
    listenOn(
      createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) =>
        accepted(takeOver(socket)),
      ),
      at,
    ),
  connect: (host, port) => {
    const reader = new Reader();
    const socket = connectSocket({ host, port, allowHalfOpen: true, noDelay: true, onread: reader });
    return (reader.transport = new RawTransport(socket));
  },
};

/** Wraps the accepted handle in a socket that reads into our buffer. The first wrapper must not be closed any more. */
function takeOver(accepted: Socket): Transport {
  const owner = accepted as unknown as HandleOwner;
  const handle = owner._handle;
  if (handle === null) return resumed(accepted);
  owner._handle = null;
  const reader = new Reader();
  const options = { handle, allowHalfOpen: true, onread: reader } as unknown as SocketConstructorOpts;
  const socket = new Socket(options);
  return (reader.transport = new RawTransport(socket));
}

function resumed(accepted: Socket): Transport {
  const transport = new PlainTransport(accepted);
  accepted.resume();
  return transport;
}
