// HOT: bench proxy.
// The fields that this proxy itself says about a request: x-forwarded-for, x-forwarded-proto, x-request-id. They are
// written as lines behind the head's own in its store, so that filters see fields and the codec copies one run.

import type { Head } from "@sluice/abi";

export const REQUEST_ID_BYTES = 26;

const FOR = "x-forwarded-for: ";
const PROTO = "x-forwarded-proto: http\r\n";
const ID = "x-request-id: ";
const FOR_NAME_BYTES = 15;
const PROTO_NAME_BYTES = 17;
const PROTO_BYTES = 4;
const ID_NAME_BYTES = 12;
const ADDRESS_BYTES_MAX = 45;

/** Room that `writeOwnFields` needs. */
export const OWN_FIELDS_BYTES = FOR.length + ADDRESS_BYTES_MAX + PROTO.length + ID.length + REQUEST_ID_BYTES + 4;

/** The lines for the address seen last: requests of one connection follow each other, and tests have one client. */
let linesAddress = "";
let lines = linesFor("");

/** Writes the lines at `at`, adds the fields to `head`, and returns where the request id stands. */
export function writeOwnFields(head: Head, store: Uint8Array, at: number, address: string, ids: RequestIds): number {
  if (address !== linesAddress) {
    lines = linesFor(address);
    linesAddress = address;
  }
  store.set(lines, at);
  const idAt = at + lines.length - REQUEST_ID_BYTES - 2;
  ids.next(store, idAt);
  const idNameAt = idAt - ID.length;
  const protoAt = idNameAt - PROTO.length;
  const addressAt = at + FOR.length;
  head.push(at, FOR_NAME_BYTES, addressAt, protoAt - 2 - addressAt);
  head.push(protoAt, PROTO_NAME_BYTES, protoAt + PROTO_NAME_BYTES + 2, PROTO_BYTES);
  head.push(idNameAt, ID_NAME_BYTES, idAt, REQUEST_ID_BYTES);
  return idAt;
}

function linesFor(address: string): Uint8Array {
  const text = `${FOR}${address.slice(0, ADDRESS_BYTES_MAX)}\r\n${PROTO}${ID}${"0".repeat(REQUEST_ID_BYTES)}\r\n`;
  return Uint8Array.from(Buffer.from(text, "latin1"));
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
    into.set(current, at);
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
