// HOT: bench proxy.
// TCP read straight into one buffer that all connections of a thread share (`onread`): no allocation and no stream
// machinery per read, 5-10 % less CPU per request than 'data' events. For accepted sockets Node has no documented way
// to ask for it: the handle is taken over from a socket that was accepted paused. If that ever stops to work, such
// connections are served by PlainTransport; both pass the same contract.

import { connect as connectSocket, createServer, Socket, type OnReadOpts, type SocketConstructorOpts } from "node:net";
import { READ_BYTES } from "./limits.ts";
import { listenOn, PlainTransport } from "./plain-transport.ts";
import type { Transport, TransportKind } from "./transport.ts";

/** Shared by all connections: a read is used up before the next one begins, whoever it is for. */
const readBuffer = Buffer.allocUnsafeSlow(READ_BYTES);

/** The handle of an accepted socket; not in the manual. */
interface HandleOwner {
  _handle: unknown;
}

class RawTransport extends PlainTransport {
  /** Reads come through `onread`, not as events. */
  protected override startReading(): void {}
}

/** Finds the transport that a read is for; `onread` is fixed before the transport can exist. */
class Reader implements OnReadOpts {
  readonly buffer = readBuffer;
  transport: RawTransport | null = null;
  readonly callback = (length: number, bytes: Uint8Array): boolean => {
    this.transport!.user.received(bytes, length);
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
  if (handle === null || handle === undefined) return resumed(accepted);
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
