// HOT: bench proxy.
// The fields that this proxy itself says about a request: x-forwarded-for, x-forwarded-proto, forwarded (RFC 7239),
// x-forwarded-host, x-request-id. They are written as lines behind the head's own in its store, so that filters see fields
// and the codec copies one run.

import { PSEUDO } from "@sluice/abi/data-path";
import type { Head } from "@sluice/abi";
import { ascii, copy, CR, LF, matches } from "../codec/bytes.ts";

export const REQUEST_ID_BYTES = 26;

const FOR = "x-forwarded-for: ";
const PROTO = "x-forwarded-proto: http\r\n";
const FORWARDED = "forwarded: ";
const FORWARDED_HOST = "x-forwarded-host: ";
const ID = ascii("x-request-id: ");
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

/**
 * The lines for the address and host seen last, up to the request id: a client's requests follow each other, and most of
 * a proxy's are for few hosts.
 */
let linesAddress = "";
let linesHost: Uint8Array = new Uint8Array(0);
/** Of `lines`, where the values of `forwarded` and `x-forwarded-host` begin. */
let forwardedAt = 0;
let hostAt = 0;
let lines = linesFor(linesAddress, linesHost);

/**
 * Writes the lines at `at`, adds the fields to `head`, whose authority is normalised, and returns where the request id
 * stands.
 */
export function writeOwnFields(head: Head, store: Uint8Array, at: number, address: string, ids: RequestIds): number {
  const authority = head.nameStart(2) === PSEUDO.authority.start ? 2 : head.find(AUTHORITY, 0, AUTHORITY.length);
  const hostStart = head.valueStart(authority);
  const hostLength = head.valueLength(authority);
  const hostBytes = head.bufferOf(hostStart);
  const hostFrom = hostStart < 0 ? ~hostStart : hostStart;
  if (address !== linesAddress || hostLength !== linesHost.length || !matches(hostBytes, hostFrom, linesHost)) {
    linesAddress = address;
    linesHost = Uint8Array.from(hostBytes.subarray(hostFrom, hostFrom + hostLength));
    lines = linesFor(address, linesHost);
  }
  copy(lines, 0, lines.length, store, at);
  const forwardedStart = at + forwardedAt;
  const forwardedHostStart = at + hostAt;
  const addressStart = at + FOR.length;
  const protoNameStart = forwardedStart - FORWARDED.length - PROTO.length;
  const hostNameStart = forwardedHostStart - FORWARDED_HOST.length;
  head.push(at, FOR_NAME_BYTES, addressStart, protoNameStart - 2 - addressStart);
  head.push(protoNameStart, PROTO_NAME_BYTES, protoNameStart + PROTO_NAME_BYTES + 2, PROTO_BYTES);
  const forwardedNameStart = forwardedStart - FORWARDED.length;
  head.push(forwardedNameStart, FORWARDED_NAME_BYTES, forwardedStart, hostNameStart - 2 - forwardedStart);
  head.push(hostNameStart, HOST_NAME_BYTES, forwardedHostStart, hostLength);
  return writeRequestId(head, store, at + lines.length, ids);
}

/** The last of the lines alone. */
export function writeRequestId(head: Head, store: Uint8Array, at: number, ids: RequestIds): number {
  copy(ID, 0, ID.length, store, at);
  const idAt = at + ID.length;
  ids.next(store, idAt);
  store[idAt + REQUEST_ID_BYTES] = CR;
  store[idAt + REQUEST_ID_BYTES + 1] = LF;
  head.push(at, ID_NAME_BYTES, idAt, REQUEST_ID_BYTES);
  return idAt;
}

function linesFor(address: string, host: Uint8Array): Uint8Array {
  const known = address.slice(0, ADDRESS_BYTES_MAX);
  const name = Buffer.from(host).toString("latin1");
  const before = `${FOR}${known}\r\n${PROTO}${FORWARDED}`;
  const forwarded = `for=${forwardedNode(known)};proto=http;host="${name}"\r\n${FORWARDED_HOST}`;
  forwardedAt = before.length;
  hostAt = before.length + forwarded.length;
  return ascii(`${before}${forwarded}${name}\r\n`);
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
