// HOT: bench proxy.
// How a response ends on the wire, decided from its status, its length and who asked (RFC 9112 section 6.3).

import type { BodyWriter } from "./body-writer.ts";
import type { ResponseFraming } from "./head-writer.ts";

const NO_BYTES: Uint8Array = new Uint8Array(0);

/** One serves all: a head is framed and written within one call. */
const framing = { chunked: false, close: false, keepAlive: false, empty: false, dropLength: false, date: NO_BYTES };

/** No content follows the head, whatever the head says. */
export function isBodiless(status: number, isHeadRequest: boolean): boolean {
  return isHeadRequest || status === 204 || status === 304;
}

/**
 * Frames a response and starts `writer` on its content. `length` is what its head declares, -1 for none; `minor` the
 * client's. Valid until the next call; `date` is left to the caller.
 */
export function frameResponse(
  writer: BodyWriter,
  status: number,
  length: number,
  endOfStream: boolean,
  bodiless: boolean,
  minor: number,
): Mutable<ResponseFraming> {
  const isOpen = !endOfStream && !bodiless && length < 0;
  framing.chunked = isOpen && minor === 1;
  // A client of HTTP/1.0 knows no other end of such content.
  framing.close = isOpen && minor === 0;
  framing.keepAlive = minor === 0;
  // A length above 0 without a body comes of a filter's edit: of the length, or of the method to HEAD.
  framing.dropLength = status === 204 || (endOfStream && length > 0 && !bodiless);
  framing.empty = endOfStream && length !== 0 && !bodiless;
  framing.date = NO_BYTES;
  if (bodiless) writer.startNone();
  else if (endOfStream) writer.startLength(0);
  else if (length >= 0) writer.startLength(length);
  else if (minor === 1) writer.startChunked();
  else writer.startUntilClose();
  return framing;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
