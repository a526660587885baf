// HOT: bench proxy.
// One pass over the field lines of an HTTP/1.1 message (RFC 9112 section 5): names are folded in place, positions go
// into a Head, fields that are the connection's own are read here and not passed on. Nothing doubtful is repaired: an
// obs-fold, a space before the colon, a bare CR or LF or a control byte refuses the message.

import type { Head } from "@sluice/abi";
import { ascii, COMMA, CR, matches, matchesFolded, NAME, SP, TAB } from "../bytes.ts";
import { classifyField, FIELD } from "../field-class.ts";
import { LENGTH_DIGITS_MAX, NOMINATIONS_MAX } from "../limits.ts";
import { FieldScanner, ROW, ROW_INTS } from "./field-scanner.ts";

/** More bytes are needed. Every other negative result is a status to refuse with. */
export const INCOMPLETE = -1;

export const KIND = { request: 0, response: 1, trailers: 2, requestTrailers: 3 } as const;

/** What only requests are asked about, and rarely. */
export interface RequestFieldRules {
  /** What becomes of fields with `_` in their names. */
  readonly underscores: "refuse" | "drop" | "pass";
  /** What the peer says of `x-forwarded-*` and `forwarded` is kept. */
  readonly isPeerTrusted: boolean;
}

const CLOSE = ascii("close");
const KEEP_ALIVE = ascii("keep-alive");
const UPGRADE = ascii("upgrade");
const WEBSOCKET = ascii("websocket");
const TE = ascii("te");
const CHUNKED = ascii("chunked");
const CONTINUE = ascii("100-continue");

/** Nominating one of these would let a client take away what others decide by. */
const NEVER_NOMINATED = ["host", "authorization", "cookie", "content-length", "transfer-encoding", "set-cookie"].map(
  ascii,
);
const STRICTEST: RequestFieldRules = { underscores: "refuse", isPeerTrusted: false };

/** One serves the thread: a scan is used up before the next. */
const scanner = new FieldScanner();

export class FieldParser {
  /** -1: none was there. */
  contentLength = -1;
  chunked = false;
  close = false;
  keepAlive = false;
  expectContinue = false;
  /** `Connection: upgrade` and `Upgrade: websocket`, and nothing else to upgrade to. */
  websocket = false;
  /** Asked only of requests. */
  rules: RequestFieldRules = STRICTEST;
  hostStart = -1;
  hostLength = 0;
  /** Offset behind the last field line, before the empty line. */
  linesEnd = 0;
  private kind = 0;
  private base = 0;
  private nominated = 0;
  private upgradeFields = 0;
  private namesWebsocket = false;
  private nominatesUpgrade = false;
  private readonly nominations = new Int32Array(NOMINATIONS_MAX * 2);

  /**
   * Reads fields from `bytes[at, end)` into `head`, positions relative to `base`. Returns the offset behind the empty
   * line, INCOMPLETE, or minus the status to refuse with. Reading the same bytes again is harmless.
   */
  parse(bytes: Uint8Array, at: number, end: number, head: Head, kind: number, base: number, fieldsMax: number): number {
    this.contentLength = -1;
    this.chunked = this.close = this.keepAlive = this.expectContinue = false;
    this.websocket = this.nominatesUpgrade = this.namesWebsocket = false;
    this.upgradeFields = 0;
    this.hostStart = -1;
    this.nominated = 0;
    this.kind = kind;
    this.base = base;
    const fields = scanner.scan(bytes, at, end, fieldsMax);
    if (fields < 0) return fields;
    const { rows, shift } = scanner;
    const rowsEnd = fields * ROW_INTS;
    for (let row = 0; row < rowsEnd; row += ROW_INTS) {
      const refusal = this.takeField(bytes, head, rows, row, shift);
      if (refusal !== 0) return refusal;
    }
    this.linesEnd = rows[rowsEnd]! + shift;
    this.websocket = this.nominatesUpgrade && this.namesWebsocket && this.upgradeFields === 1;
    return this.nominated > 0 ? this.dropNominated(bytes, head, this.linesEnd + 2) : this.linesEnd + 2;
  }

  private takeField(bytes: Uint8Array, head: Head, rows: Int32Array, row: number, shift: number): number {
    const nameStart = rows[row]! + shift;
    const nameLength = rows[row + ROW.nameLength]!;
    const valueStart = rows[row + ROW.valueStart]! + shift;
    const valueLength = rows[row + ROW.valueLength]!;
    // Where names become environment variables `a_b` and `a-b` are one: a client could say what a filter removed.
    if (rows[row + ROW.hasUnderscore]! !== 0 && this.isRequest && this.rules.underscores !== "pass") {
      return this.rules.underscores === "refuse" ? -400 : 0;
    }
    const fieldClass = classifyField(bytes, nameStart, nameLength);
    if (fieldClass !== FIELD.ordinary) {
      return this.readOwn(fieldClass, bytes, head, nameStart, nameLength, valueStart, valueStart + valueLength);
    }
    head.push(nameStart - this.base, nameLength, valueStart - this.base, valueLength);
    return 0;
  }

  private get isRequest(): boolean {
    return this.kind === KIND.request || this.kind === KIND.requestTrailers;
  }

  private readOwn(
    fieldClass: number,
    bytes: Uint8Array,
    head: Head,
    nameStart: number,
    nameLength: number,
    start: number,
    end: number,
  ): number {
    // Trailers that could change framing or routing after the fact are an attack, not a mistake.
    if (this.kind >= KIND.trailers) return -400;
    switch (fieldClass) {
      case FIELD.hop:
        if (nameLength === PROXY_CONNECTION_BYTES) this.close ||= !isKeepAlive(bytes, start, end);
        return 0;
      case FIELD.connection:
        return this.readConnection(bytes, start, end);
      case FIELD.contentLength:
        if (this.contentLength >= 0) return -400;
        this.contentLength = readLength(bytes, start, end);
        if (this.contentLength < 0) return -400;
        break;
      case FIELD.transferEncoding:
        if (this.chunked) return -400;
        if (end - start !== CHUNKED.length || !matchesFolded(bytes, start, CHUNKED)) return -501;
        if (hasTabBehind(bytes, end)) return -400;
        this.chunked = true;
        return 0;
      case FIELD.host:
        if (this.kind === KIND.response) break;
        if (this.hostStart >= 0) return -400;
        this.hostStart = start;
        this.hostLength = end - start;
        return 0;
      case FIELD.expect:
        if (this.kind === KIND.response) break;
        if (end - start !== CONTINUE.length || !matchesFolded(bytes, start, CONTINUE)) return -417;
        this.expectContinue = true;
        return 0;
      case FIELD.upgrade:
        // Another protocol than we tunnel is an offer that a server may pass by (RFC 9110 section 7.8).
        this.upgradeFields++;
        this.namesWebsocket = end - start === WEBSOCKET.length && matchesFolded(bytes, start, WEBSOCKET);
        return 0;
      case FIELD.revision:
        if (this.kind === KIND.request) head.hasPrivateField = true;
        break;
      case FIELD.claim:
        if (this.kind === KIND.request && !(isForwarded(bytes, nameStart) && this.rules.isPeerTrusted)) return 0;
    }
    head.push(nameStart - this.base, nameLength, start - this.base, end - start);
    return 0;
  }

  private readConnection(bytes: Uint8Array, at: number, end: number): number {
    while (at < end) {
      const start = at;
      while (at < end && NAME[bytes[at]!] !== 0) at++;
      const length = at - start;
      while (at < end && (bytes[at] === SP || bytes[at] === TAB)) at++;
      if (at < end && bytes[at] !== COMMA) return -400;
      at++;
      while (at < end && (bytes[at] === SP || bytes[at] === TAB)) at++;
      if (length === 0) continue;
      const refusal = this.readConnectionOption(bytes, start, length);
      if (refusal !== 0) return refusal;
    }
    return 0;
  }

  private readConnectionOption(bytes: Uint8Array, start: number, length: number): number {
    if (length === CLOSE.length && matchesFolded(bytes, start, CLOSE)) this.close = true;
    else if (length === KEEP_ALIVE.length && matchesFolded(bytes, start, KEEP_ALIVE)) this.keepAlive = true;
    else if (length === UPGRADE.length && matchesFolded(bytes, start, UPGRADE)) this.nominatesUpgrade = true;
    else if (length === TE.length && matchesFolded(bytes, start, TE)) return 0;
    else {
      if (this.nominated === NOMINATIONS_MAX) return -400;
      for (let i = start; i < start + length; i++) bytes[i] = NAME[bytes[i]!]!;
      if (!mayBeNominated(bytes, start, length)) return -400;
      this.nominations[this.nominated * 2] = start;
      this.nominations[this.nominated * 2 + 1] = length;
      this.nominated++;
    }
    return 0;
  }

  private dropNominated(bytes: Uint8Array, head: Head, end: number): number {
    const borrowed = head.bytes;
    // Until the codec gives the head its own bytes, positions count from `base` in the reader's.
    head.bytes = bytes.subarray(this.base);
    for (let i = 0; i < this.nominated; i++) {
      const start = this.nominations[i * 2]!;
      head.remove(bytes.subarray(start, start + this.nominations[i * 2 + 1]!));
    }
    head.bytes = borrowed;
    head.edited = head.routingEdited = false;
    return end;
  }
}

/** Old clients say it for Connection, and so do parsers read it that may stand before or behind this one. */
const PROXY_CONNECTION_BYTES = 16;

function isKeepAlive(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start === KEEP_ALIVE.length && matchesFolded(bytes, start, KEEP_ALIVE);
}

/** It is space like any other, and yet parsers disagree about a coding with a tab behind it: llhttp for one refuses it. */
function hasTabBehind(bytes: Uint8Array, at: number): boolean {
  for (; bytes[at] !== CR; at++) if (bytes[at] === TAB) return true;
  return false;
}

/** Of the claims, `forwarded` and `x-forwarded-*`. */
function isForwarded(bytes: Uint8Array, start: number): boolean {
  return bytes[start] === SMALL_F || bytes[start + 2] === SMALL_F;
}
const SMALL_F = 0x66;

function mayBeNominated(bytes: Uint8Array, start: number, length: number): boolean {
  for (const name of NEVER_NOMINATED) if (name.length === length && matches(bytes, start, name)) return false;
  return !(length >= SLUICE.length && matches(bytes, start, SLUICE));
}
const SLUICE = ascii("x-sluice-");

/** Decimal digits and nothing else; -1 when it is anything else or too large to count. */
export function readLength(bytes: Uint8Array, start: number, end: number): number {
  if (start === end || end - start > LENGTH_DIGITS_MAX) return -1;
  let length = 0;
  for (let at = start; at < end; at++) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9) return -1;
    length = length * 10 + digit;
  }
  return length;
}
