// HOT: bench proxy.
// Request line and fields of an HTTP/1.1 request into a Head: `:method :path :authority :scheme` first, Host beside none
// of them. The target's meaning is for `normalise`; its shape is judged here.

import type { Head } from "@sluice/abi";
import { PSEUDO } from "@sluice/abi/data-path";
import { ascii, CR, LF, matches, matchesFolded, SLASH, SP, TARGET } from "../bytes.ts";
import { METHOD_BYTES_MAX, TARGET_BYTES_MAX } from "../limits.ts";
import { FieldParser, INCOMPLETE, KIND } from "./field-parser.ts";

const VERSION = ascii("HTTP/1.");
const ABSOLUTE = ascii("http://");
const HTTP = ascii("http");
const ROOT = ascii("/");
const GET = ascii("GET");
const HEAD = ascii("HEAD");
const CONNECT = ascii("CONNECT");
const TRACE = ascii("TRACE");
const OPTIONS = ascii("OPTIONS");
const ASTERISK = 0x2a;
const QUESTION = 0x3f;
const AUTHORITY_ENTRY = 2 * 4;

export class RequestHeadParser {
  readonly fields = new FieldParser();
  /** Minor version: 1, or 0 for clients of HTTP/1.0. */
  minor = 1;
  isHead = false;
  isGet = false;
  private methodStart = 0;
  private methodLength = 0;
  private targetStart = 0;
  private targetEnd = 0;

  /**
   * Reads a whole head from `bytes[at, end)`; positions are relative to `at`. Returns the offset behind it, INCOMPLETE,
   * or minus the status to refuse with.
   */
  parse(bytes: Uint8Array, at: number, end: number, head: Head, fieldsMax: number): number {
    const base = at;
    const lineEnd = this.parseLine(bytes, at, end);
    if (lineEnd < 0) return lineEnd;
    head.reset(bytes);
    head.push(PSEUDO.method.start, PSEUDO.method.length, this.methodStart - base, this.methodLength);
    head.push(PSEUDO.path.start, PSEUDO.path.length, this.targetStart - base, this.targetEnd - this.targetStart);
    head.push(PSEUDO.authority.start, PSEUDO.authority.length, 0, 0);
    head.push(PSEUDO.scheme.start, PSEUDO.scheme.length, head.store(HTTP, false), HTTP.length);
    const headEnd = this.fields.parse(bytes, lineEnd, end, head, KIND.request, base, fieldsMax);
    if (headEnd < 0) return headEnd;
    const refusal = this.checkFraming() || this.placeTarget(bytes, head, base);
    return refusal === 0 ? headEnd : refusal;
  }

  private parseLine(bytes: Uint8Array, at: number, end: number): number {
    this.methodStart = at;
    while (at < end && isMethodByte(bytes[at]!)) at++;
    this.methodLength = at - this.methodStart;
    if (this.methodLength > METHOD_BYTES_MAX) return -400;
    if (at >= end) return INCOMPLETE;
    if (bytes[at] !== SP || this.methodLength === 0) return -400;
    this.targetStart = ++at;
    while (at < end && TARGET[bytes[at]!] === 1) at++;
    this.targetEnd = at;
    if (at - this.targetStart > TARGET_BYTES_MAX) return -414;
    if (at >= end) return INCOMPLETE;
    if (bytes[at] !== SP || at === this.targetStart) return -400;
    return this.parseVersion(bytes, at + 1, end);
  }

  private parseVersion(bytes: Uint8Array, at: number, end: number): number {
    for (let i = 0; i < VERSION.length; i++) {
      if (at + i >= end) return INCOMPLETE;
      // "HTTP/" and another digit is a version we do not speak; all else is not HTTP.
      if (bytes[at + i] !== VERSION[i]) return i === 5 ? -505 : -400;
    }
    at += VERSION.length;
    if (at >= end) return INCOMPLETE;
    this.minor = bytes[at]! - 0x30;
    if (this.minor !== 1 && this.minor !== 0) return this.minor > 1 && this.minor <= 9 ? -505 : -400;
    if (at + 1 >= end) return INCOMPLETE;
    if (bytes[at + 1] !== CR) return -400;
    if (at + 2 >= end) return INCOMPLETE;
    return bytes[at + 2] === LF ? at + 3 : -400;
  }

  /** CL with TE is the classic smuggling pair; a 1.0 client cannot mean chunked. */
  private checkFraming(): number {
    const { fields } = this;
    if (fields.hostStart < 0) return -400;
    if (fields.chunked && (fields.contentLength >= 0 || this.minor === 0)) return -400;
    return 0;
  }

  private placeTarget(bytes: Uint8Array, head: Head, base: number): number {
    const { fields, methodStart, methodLength } = this;
    this.isGet = methodLength === GET.length && matches(bytes, methodStart, GET);
    this.isHead = methodLength === HEAD.length && matches(bytes, methodStart, HEAD);
    if (methodLength === CONNECT.length && matches(bytes, methodStart, CONNECT)) return -501;
    // TRACE would hand a script the cookies it may not read.
    if (methodLength === TRACE.length && matches(bytes, methodStart, TRACE)) return -501;
    head.table[AUTHORITY_ENTRY + 2] = fields.hostStart - base;
    head.table[AUTHORITY_ENTRY + 3] = fields.hostLength;
    const first = bytes[this.targetStart]!;
    if (first === SLASH) return 0;
    if (first === ASTERISK) {
      const isOptions = methodLength === OPTIONS.length && matches(bytes, methodStart, OPTIONS);
      return isOptions && this.targetEnd - this.targetStart === 1 ? 0 : -400;
    }
    return this.placeAbsolute(bytes, head, base);
  }

  /** Absolute form: its authority must be what Host says, byte for byte but for case. */
  private placeAbsolute(bytes: Uint8Array, head: Head, base: number): number {
    const { targetStart, targetEnd, fields } = this;
    if (targetEnd - targetStart <= ABSOLUTE.length || !matchesScheme(bytes, targetStart)) return -400;
    const authority = targetStart + ABSOLUTE.length;
    let at = authority;
    while (at < targetEnd && bytes[at] !== SLASH && bytes[at] !== QUESTION) at++;
    if (at - authority !== fields.hostLength || at === authority) return -400;
    for (let i = 0; i < fields.hostLength; i++) {
      if (lower(bytes[authority + i]!) !== lower(bytes[fields.hostStart + i]!)) return -400;
    }
    if (at === targetEnd) {
      head.table[1 * 4 + 2] = head.store(ROOT, false);
      head.table[1 * 4 + 3] = 1;
      return 0;
    }
    if (bytes[at] !== SLASH) return -400;
    head.table[1 * 4 + 2] = at - base;
    head.table[1 * 4 + 3] = targetEnd - at;
    return 0;
  }
}

/** Methods are case-sensitive and all registered ones are upper case: `get` is not GET, it is a mistake or a trick. */
function isMethodByte(byte: number): boolean {
  return (byte >= 0x41 && byte <= 0x5a) || byte === 0x2d;
}

function matchesScheme(bytes: Uint8Array, at: number): boolean {
  return matchesFolded(bytes, at, HTTP) && bytes[at + 4] === 0x3a && bytes[at + 5] === SLASH && bytes[at + 6] === SLASH;
}

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
}
