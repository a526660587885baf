// The face of the TCP engine to whoever moves the bytes: a driver opens a TcpStream over a chain, tells it what arrived, and
// hears through TcpDriver what may go on. A chunk is borrowed for the call; who needs it longer copies it.

import type { Direction, StreamFlag } from "../stream/driver.ts";

/**
 * Direction 0 is from the downstream to the upstream, 1 the other way. A driver does not feed the stream from within these,
 * but for `resumeReads`, from which it may feed at once.
 */
export interface TcpDriver {
  /** Every filter let the connection pass: the upstream may be connected. */
  connect(): void;
  /** `endOfStream`: nothing more goes this way; the chunk may then be empty. */
  send(direction: Direction, chunk: Uint8Array, endOfStream: boolean): void;
  /** Stop and go on reading the source of that direction. */
  pauseReads(direction: Direction): void;
  resumeReads(direction: Direction): void;
  /** Close that connection once what was sent is flushed. Of what comes from it then the stream wants to hear nothing. */
  closeDownstream(): void;
  closeUpstream(): void;
  /** Cut both connections at once. */
  abort(flag: StreamFlag): void;
  /** What the connection answers (source.address, connection.id …), in the encodings of properties; null when absent. */
  property(path: string): Uint8Array | null;
}
