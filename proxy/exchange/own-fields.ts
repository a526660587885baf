// HOT: bench proxy.
// The fields that this proxy itself says about a request: x-forwarded-for, x-forwarded-proto, x-request-id. They are
// written as lines behind the head's own in its store, so that filters see fields and the codec copies one run.

import type { Head } from "@sluice/abi";

export const REQUEST_ID_BYTES = 26;

const FOR = Buffer.from("x-forwarded-for: ", "latin1");
const PROTO_AND_ID = Buffer.from("\r\nx-forwarded-proto: http\r\nx-request-id: ", "latin1");
const FOR_NAME_BYTES = 15;
const PROTO_NAME_BYTES = 17;
const PROTO_BYTES = 4;
const ID_NAME_BYTES = 12;
const ADDRESS_BYTES_MAX = 45;

/** Room that `writeOwnFields` needs. */
export const OWN_FIELDS_BYTES = FOR.length + ADDRESS_BYTES_MAX + PROTO_AND_ID.length + REQUEST_ID_BYTES + 2;

/** Writes the lines at `at`, adds the fields to `head`, and returns where the request id stands. */
export function writeOwnFields(head: Head, store: Uint8Array, at: number, address: string, ids: RequestIds): number {
  const start = at;
  at = put(FOR, store, at);
  const length = Math.min(address.length, ADDRESS_BYTES_MAX);
  for (let i = 0; i < length; i++) store[at++] = address.charCodeAt(i);
  head.push(start, FOR_NAME_BYTES, start + FOR.length, length);
  const protoAt = at + 2;
  at = put(PROTO_AND_ID, store, at);
  head.push(protoAt, PROTO_NAME_BYTES, protoAt + PROTO_NAME_BYTES + 2, PROTO_BYTES);
  const idAt = at;
  ids.next(store, idAt);
  head.push(idAt - ID_NAME_BYTES - 2, ID_NAME_BYTES, idAt, REQUEST_ID_BYTES);
  store[idAt + REQUEST_ID_BYTES] = 0x0d;
  store[idAt + REQUEST_ID_BYTES + 1] = 0x0a;
  return idAt;
}

function put(text: Uint8Array, store: Uint8Array, at: number): number {
  for (let i = 0; i < text.length; i++) store[at++] = text[i]!;
  return at;
}

const BASE32 = Buffer.from("0123456789ABCDEFGHJKMNPQRSTVWXYZ", "latin1");
const VALUE_OF = new Uint8Array(256);
for (let value = 0; value < BASE32.length; value++) VALUE_OF[BASE32[value]!] = value;
const TIME_CHARS = 10;

/** Identifiers in the form of a ULID: a time in ms, then a number that starts at random and counts up within a worker. */
export class RequestIds {
  private readonly current = new Uint8Array(REQUEST_ID_BYTES).fill(BASE32[0]!);
  private readonly clock: { readonly wallMs: number };
  private timeMs = -1;

  constructor(clock: { readonly wallMs: number }) {
    this.clock = clock;
    const random = crypto.getRandomValues(new Uint8Array(REQUEST_ID_BYTES - TIME_CHARS));
    for (let i = 0; i < random.length; i++) this.current[TIME_CHARS + i] = BASE32[random[i]! & 31]!;
  }

  /** Writes the next identifier at `into[at]`. */
  next(into: Uint8Array, at: number): void {
    const { current } = this;
    if (this.clock.wallMs !== this.timeMs) this.setTime(this.clock.wallMs);
    let digit = REQUEST_ID_BYTES - 1;
    for (; digit >= TIME_CHARS; digit--) {
      const value = (VALUE_OF[current[digit]!]! + 1) & 31;
      current[digit] = BASE32[value]!;
      if (value !== 0) break;
    }
    for (let i = 0; i < REQUEST_ID_BYTES; i++) into[at + i] = current[i]!;
  }

  /** For a stream that never had a head. */
  nextString(): string {
    const bytes = Buffer.alloc(REQUEST_ID_BYTES);
    this.next(bytes, 0);
    return bytes.toString("latin1");
  }

  private setTime(timeMs: number): void {
    this.timeMs = timeMs;
    let rest = Math.floor(timeMs);
    for (let digit = TIME_CHARS - 1; digit >= 0; digit--) {
      this.current[digit] = BASE32[rest % 32]!;
      rest = Math.floor(rest / 32);
    }
  }
}
