// HOT: bench proxy.
// The fields that this proxy itself says about a request: x-forwarded-for, x-forwarded-proto, forwarded (RFC 7239),
// x-forwarded-host, x-request-id. They are written as lines behind the head's own in its store, so that filters see fields
// and the codec copies one run.

import { PSEUDO } from "@sluice/abi/data-path";
import type { Head } from "@sluice/abi";
import { ascii, copy, CR, LF } from "../codec/bytes.ts";

export const REQUEST_ID_BYTES = 26;

const FOR = "x-forwarded-for: ";
const PROTO = "x-forwarded-proto: http\r\n";
const FORWARDED = "forwarded: ";
const HOST = ascii('"\r\nx-forwarded-host: ');
const ID = ascii("\r\nx-request-id: ");
const FOR_NAME_BYTES = 15;
const PROTO_NAME_BYTES = 17;
const PROTO_BYTES = 4;
const FORWARDED_NAME_BYTES = 9;
const HOST_NAME_BYTES = 16;
const ID_NAME_BYTES = 12;
const ADDRESS_BYTES_MAX = 45;
/** Longest form of an authority that `normalise` lets pass. */
const HOST_BYTES_MAX = 261;
const AUTHORITY = ascii(":authority");

/** Room that `writeOwnFields` needs. */
export const OWN_FIELDS_BYTES = 512 - REQUEST_ID_BYTES + 2 * HOST_BYTES_MAX;

/** The lines for the address seen last: requests of one connection follow each other, and tests have one client. */
let linesAddress = "";
/** Of `lines`, where the value of `forwarded` begins. */
let forwardedAt = 0;
let lines = linesFor("");

/**
 * Writes the lines at `at`, adds the fields to `head`, whose authority is normalised, and returns where the request id
 * stands.
 */
export function writeOwnFields(head: Head, store: Uint8Array, at: number, address: string, ids: RequestIds): number {
  if (address !== linesAddress) {
    lines = linesFor(address);
    linesAddress = address;
  }
  copy(lines, 0, lines.length, store, at);
  const authority = head.nameStart(2) === PSEUDO.authority.start ? 2 : head.find(AUTHORITY, 0, AUTHORITY.length);
  const hostStart = head.valueStart(authority);
  const hostLength = head.valueLength(authority);
  const hostBytes = head.bufferOf(hostStart);
  const hostFrom = hostStart < 0 ? ~hostStart : hostStart;
  const quotedHostAt = at + lines.length;
  copy(hostBytes, hostFrom, hostFrom + hostLength, store, quotedHostAt);
  copy(HOST, 0, HOST.length, store, quotedHostAt + hostLength);
  const hostAt = quotedHostAt + hostLength + HOST.length;
  copy(hostBytes, hostFrom, hostFrom + hostLength, store, hostAt);
  const addressAt = at + FOR.length;
  const forwardedValueAt = at + forwardedAt;
  const protoAt = forwardedValueAt - FORWARDED.length - PROTO.length;
  head.push(at, FOR_NAME_BYTES, addressAt, protoAt - 2 - addressAt);
  head.push(protoAt, PROTO_NAME_BYTES, protoAt + PROTO_NAME_BYTES + 2, PROTO_BYTES);
  head.push(
    forwardedValueAt - FORWARDED.length,
    FORWARDED_NAME_BYTES,
    forwardedValueAt,
    quotedHostAt + hostLength + 1 - forwardedValueAt,
  );
  head.push(hostAt - HOST_NAME_BYTES - 2, HOST_NAME_BYTES, hostAt, hostLength);
  copy(ID, 0, 2, store, hostAt + hostLength);
  return writeRequestId(head, store, hostAt + hostLength + 2, ids);
}

/** The last of the lines alone. */
export function writeRequestId(head: Head, store: Uint8Array, at: number, ids: RequestIds): number {
  copy(ID, 2, ID.length, store, at);
  const idAt = at + ID.length - 2;
  ids.next(store, idAt);
  store[idAt + REQUEST_ID_BYTES] = CR;
  store[idAt + REQUEST_ID_BYTES + 1] = LF;
  head.push(at, ID_NAME_BYTES, idAt, REQUEST_ID_BYTES);
  return idAt;
}

/** Up to the host in quotes. */
function linesFor(address: string): Uint8Array {
  const known = address.slice(0, ADDRESS_BYTES_MAX);
  const before = `${FOR}${known}\r\n${PROTO}${FORWARDED}`;
  forwardedAt = before.length;
  return ascii(`${before}for=${forwardedNode(known)};proto=http;host="`);
}

/** An address as `forwarded` has it. */
export function forwardedNode(address: string): string {
  return address.includes(":") ? `"[${address}]"` : address === "" ? "unknown" : address;
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
