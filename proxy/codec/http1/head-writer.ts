// HOT: bench proxy.
// A Head as HTTP/1.1 text. Neighbouring fields that nobody touched are copied as one run of the reader's bytes; what was
// edited is written field by field and checked, so that no filter can put a line break into a head.

import type { Head } from "@sluice/abi";
import { PSEUDO } from "@sluice/abi/data-path";
import { ascii, COLON, copy, CR, LF, NAME, SP, TARGET, VALUE } from "../bytes.ts";
import { classifyField, FIELD } from "../field-class.ts";
import { readLength } from "./field-parser.ts";

const METHOD = ascii(":method");
const PATH = ascii(":path");
const AUTHORITY = ascii(":authority");
const STATUS = ascii(":status");
const CONTENT_LENGTH = ascii("content-length");
const VERSION_HOST = ascii(" HTTP/1.1\r\nhost: ");
const CHUNKED_LINE = ascii("transfer-encoding: chunked\r\n");
const CLOSE_LINE = ascii("connection: close\r\n");
const KEEP_ALIVE_LINE = ascii("connection: keep-alive\r\n");
const UPGRADE_LINES = ascii("connection: upgrade\r\nupgrade: websocket\r\n");
const NO_CONTENT_LINE = ascii("content-length: 0\r\n");
const FIELD_INTS = 4;
/** Request or status line, framing lines and the empty line. */
const FIXED_BYTES = 256;

/** Upper bound of what the writers below put out for `head`. */
export function headBytesMax(head: Head): number {
  let bytes = FIXED_BYTES;
  const { table } = head;
  const end = head.count * FIELD_INTS;
  for (let at = 0; at < end; at += FIELD_INTS) bytes += table[at + 1]! + table[at + 3]! + 4;
  // A run is copied with the optional whitespace its sender wrote.
  return bytes + head.bytes.length;
}

/** The Content-Length a head declares: -1 none, -2 not a number, or a second one that a filter added. */
export function contentLengthOf(head: Head): number {
  const field = head.find(CONTENT_LENGTH, 0, CONTENT_LENGTH.length);
  if (field < 0) return -1;
  if (head.edited && head.find(CONTENT_LENGTH, 0, CONTENT_LENGTH.length, field + 1) >= 0) return -2;
  const start = head.valueStart(field);
  const offset = start < 0 ? ~start : start;
  const length = readLength(head.bufferOf(start), offset, offset + head.valueLength(field));
  return length < 0 ? -2 : length;
}

/** The three digits of `:status`, 0 when a filter made it something else. */
export function statusOf(head: Head): number {
  const field = pseudoField(head, 0, PSEUDO.status.start, STATUS);
  if (field < 0 || head.valueLength(field) !== 3) return 0;
  const start = head.valueStart(field);
  const offset = start < 0 ? ~start : start;
  const status = readLength(head.bufferOf(start), offset, offset + 3);
  return status >= 100 && status <= 599 ? status : 0;
}

/** Writes a request head at `at`; the offset behind it, or -1 when a value cannot be written. */
export function writeRequestHead(head: Head, out: Uint8Array, at: number, chunked: boolean, upgrade: boolean): number {
  const method = pseudoField(head, 0, PSEUDO.method.start, METHOD);
  const path = pseudoField(head, 1, PSEUDO.path.start, PATH);
  const authority = pseudoField(head, 2, PSEUDO.authority.start, AUTHORITY);
  if (method < 0 || path < 0 || authority < 0) return -1;
  at = writeValue(head, method, out, at, NAME);
  if (at < 0) return -1;
  out[at++] = SP;
  at = writeValue(head, path, out, at, TARGET);
  if (at < 0) return -1;
  at = write(VERSION_HOST, out, at);
  at = writeValue(head, authority, out, at, TARGET);
  if (at < 0) return -1;
  out[at++] = CR;
  out[at++] = LF;
  at = writeFields(head, out, at, chunked ? FIELD.contentLength : -1);
  if (at < 0) return -1;
  if (chunked) at = write(CHUNKED_LINE, out, at);
  if (upgrade) at = write(UPGRADE_LINES, out, at);
  out[at++] = CR;
  out[at++] = LF;
  return at;
}

/** How a response ends, as far as its head says. */
export interface ResponseFraming {
  readonly chunked: boolean;
  readonly close: boolean;
  /** Said to clients of HTTP/1.0, who expect a close otherwise. */
  readonly keepAlive: boolean;
  /** The head must say that there is no content. */
  readonly empty: boolean;
  /** Content-Length is not passed on (204; one that promises what does not come). */
  readonly dropLength: boolean;
  /** The `date` line; empty where the head has one. */
  readonly date: Uint8Array;
}

export function writeResponseHead(
  head: Head,
  status: number,
  out: Uint8Array,
  at: number,
  framing: ResponseFraming,
): number {
  at = write(statusLine(status), out, at);
  at = writeFields(head, out, at, framing.dropLength ? FIELD.contentLength : -1);
  if (at < 0) return -1;
  if (framing.chunked) at = write(CHUNKED_LINE, out, at);
  if (framing.empty) at = write(NO_CONTENT_LINE, out, at);
  at = write(framing.date, out, at);
  if (framing.close) at = write(CLOSE_LINE, out, at);
  else if (framing.keepAlive) at = write(KEEP_ALIVE_LINE, out, at);
  out[at++] = CR;
  out[at++] = LF;
  return at;
}

/** A head without framing: that of an interim answer, or of the 101 that opens a tunnel. */
export function writeBareHead(head: Head, status: number, out: Uint8Array, at: number): number {
  at = write(statusLine(status), out, at);
  at = writeFields(head, out, at, FIELD.contentLength);
  if (at < 0) return -1;
  if (status === 101) at = write(UPGRADE_LINES, out, at);
  out[at++] = CR;
  out[at++] = LF;
  return at;
}

export function writeTrailers(head: Head, out: Uint8Array, at: number): number {
  at = writeFields(head, out, at, FIELD.contentLength);
  if (at < 0) return -1;
  out[at++] = CR;
  out[at++] = LF;
  return at;
}

/** All fields but pseudo headers. `dropped` is a class of fields to leave out, -1 for none. */
function writeFields(head: Head, out: Uint8Array, at: number, dropped: number): number {
  const { table, bytes } = head;
  const end = head.count * FIELD_INTS;
  let runStart = -1;
  let runEnd = -1;
  for (let entry = 0; entry < end; entry += FIELD_INTS) {
    const nameStart = table[entry]!;
    const valueStart = table[entry + 2]!;
    if (nameStart >= 0 && valueStart >= 0) {
      const nameEnd = nameStart + table[entry + 1]!;
      const valueEnd = valueStart + table[entry + 3]!;
      const isLine = valueStart > nameEnd && bytes[nameEnd] === COLON && bytes[valueEnd] === CR;
      if (isLine && (dropped < 0 || classifyField(bytes, nameStart, nameEnd - nameStart) !== dropped)) {
        if (nameStart !== runEnd) {
          copy(bytes, runStart, runEnd, out, at);
          at += runEnd - runStart;
          runStart = nameStart;
        }
        runEnd = valueEnd + 2;
        continue;
      }
    }
    // What stands before goes out before: fields of one name keep their order.
    copy(bytes, runStart, runEnd, out, at);
    at += runEnd - runStart;
    runStart = runEnd = -1;
    at = writeField(head, entry / FIELD_INTS, out, at, dropped);
    if (at < 0) return -1;
  }
  copy(bytes, runStart, runEnd, out, at);
  return at + runEnd - runStart;
}

/** One field from the table, wherever its bytes are. Connection and framing fields are the codec's own: left out. */
function writeField(head: Head, field: number, out: Uint8Array, at: number, dropped: number): number {
  const nameStart = head.nameStart(field);
  const nameLength = head.nameLength(field);
  const offset = nameStart < 0 ? ~nameStart : nameStart;
  const source = head.bufferOf(nameStart);
  if (nameLength === 0) return -1;
  if (source[offset] === COLON) return at;
  const fieldClass = classifyField(source, offset, nameLength);
  if (fieldClass === dropped || isConnectionOwn(fieldClass)) return at;
  for (let i = 0; i < nameLength; i++) {
    const byte = source[offset + i]!;
    if (NAME[byte] !== byte) return -1;
    out[at++] = byte;
  }
  out[at++] = COLON;
  out[at++] = SP;
  at = writeValue(head, field, out, at, VALUE);
  if (at < 0) return -1;
  out[at++] = CR;
  out[at++] = LF;
  return at;
}

function isConnectionOwn(fieldClass: number): boolean {
  return (
    fieldClass === FIELD.hop ||
    fieldClass === FIELD.connection ||
    fieldClass === FIELD.transferEncoding ||
    fieldClass === FIELD.upgrade ||
    fieldClass === FIELD.host
  );
}

/** A value byte by byte when it was edited (`allowed` holds non-zero for what it may have), else as it was read. */
function writeValue(head: Head, field: number, out: Uint8Array, at: number, allowed: Uint8Array): number {
  const start = head.valueStart(field);
  const length = head.valueLength(field);
  if (start >= 0) {
    copy(head.bytes, start, start + length, out, at);
    return at + length;
  }
  const { edits } = head;
  const offset = ~start;
  for (let i = 0; i < length; i++) {
    const byte = edits[offset + i]!;
    if (allowed[byte] === 0) return -1;
    out[at++] = byte;
  }
  return at;
}

/** Pseudo headers stand first, in order; only a filter that replaced the whole map moves them. */
function pseudoField(head: Head, expected: number, nameStart: number, name: Uint8Array): number {
  if (expected < head.count && head.nameStart(expected) === nameStart) return expected;
  return head.find(name, 0, name.length);
}

function write(text: Uint8Array, out: Uint8Array, at: number): number {
  for (let i = 0; i < text.length; i++) out[at++] = text[i]!;
  return at;
}

const statusLines: (Uint8Array | undefined)[] = [];

function statusLine(status: number): Uint8Array {
  return (statusLines[status] ??= ascii(`HTTP/1.1 ${status} ${REASONS[status] ?? "Status"}\r\n`));
}

/** Reason phrases carry no meaning, but people read them in terminals. */
const REASONS: Readonly<Record<number, string>> = {
  100: "Continue",
  101: "Switching Protocols",
  102: "Processing",
  103: "Early Hints",
  200: "OK",
  201: "Created",
  202: "Accepted",
  204: "No Content",
  206: "Partial Content",
  301: "Moved Permanently",
  302: "Found",
  303: "See Other",
  304: "Not Modified",
  307: "Temporary Redirect",
  308: "Permanent Redirect",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  410: "Gone",
  411: "Length Required",
  412: "Precondition Failed",
  413: "Content Too Large",
  414: "URI Too Long",
  415: "Unsupported Media Type",
  416: "Range Not Satisfiable",
  417: "Expectation Failed",
  422: "Unprocessable Content",
  426: "Upgrade Required",
  428: "Precondition Required",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  505: "HTTP Version Not Supported",
};
