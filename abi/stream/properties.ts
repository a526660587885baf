// HOT: bench abi.
// Properties that a stream's own messages answer: `request.*`, `response.*`. What a connection, a route or a clock
// answers is the driver's. Values are views into heads or into one scratch buffer: copied by the host before the next call.

import type { Head } from "../head/head.ts";
import { encodePairs, pairsLength, writePairs } from "../host/pairs.ts";

/** One direction's message as far as it is there. */
export interface Message {
  readonly head: Head | null;
  readonly trailers: Head | null;
}

const bytesOf = (name: string): Uint8Array => Buffer.from(name, "latin1");

/** Properties that are one field of the request head. */
const REQUEST_FIELDS: ReadonlyMap<string, Uint8Array> = new Map([
  ["request\0path", bytesOf(":path")],
  ["request\0host", bytesOf(":authority")],
  ["request\0scheme", bytesOf(":scheme")],
  ["request\0method", bytesOf(":method")],
  ["request\0referer", bytesOf("referer")],
  ["request\0useragent", bytesOf("user-agent")],
  ["request\0id", bytesOf("x-request-id")],
]);

const PATH = bytesOf(":path");
const STATUS = bytesOf(":status");
const QUESTION_MARK = 0x3f;
const NAMES_KEPT = 256;

const scratch = new Uint8Array(8);
const scratchView = new DataView(scratch.buffer);
const nameBytes = new Map<string, Uint8Array>();

/** null: not one of these, or absent. `path`: segments joined by NUL. */
export function messageProperty(request: Message, response: Message, path: string): Uint8Array | null {
  const field = REQUEST_FIELDS.get(path);
  if (field !== undefined) return request.head === null ? null : valueOf(request.head, field);
  switch (path) {
    case "request\0url_path":
      return pathPart(request.head, true);
    case "request\0query":
      return pathPart(request.head, false);
    case "response\0code":
      return statusOf(response.head);
    case "request\0headers":
      return mapOf(request.head);
    case "request\0trailers":
      return mapOf(request.trailers);
    case "response\0headers":
      return mapOf(response.head);
    case "response\0trailers":
      return mapOf(response.trailers);
    default:
      return keyedProperty(request, response, path);
  }
}

/** One name of a map; duplicates are joined by commas, as Envoy does (`policy_get_values` gives them one by one). */
function keyedProperty(request: Message, response: Message, path: string): Uint8Array | null {
  const head = path.startsWith("request\0headers\0")
    ? request.head
    : path.startsWith("response\0headers\0")
      ? response.head
      : path.startsWith("request\0trailers\0")
        ? request.trailers
        : path.startsWith("response\0trailers\0")
          ? response.trailers
          : null;
  return head === null ? null : joinedValue(head, nameOf(path.slice(path.lastIndexOf("\0") + 1)));
}

function valueOf(head: Head, name: Uint8Array): Uint8Array | null {
  const field = head.find(name, 0, name.length);
  return field < 0 ? null : head.value(field);
}

function joinedValue(head: Head, name: Uint8Array): Uint8Array | null {
  const first = head.find(name, 0, name.length);
  if (first < 0) return null;
  if (head.find(name, 0, name.length, first + 1) < 0) return head.value(first);
  const values: string[] = [];
  for (let field = first; field >= 0; field = head.find(name, 0, name.length, field + 1))
    values.push(head.valueString(field));
  return Buffer.from(values.join(","), "latin1");
}

function pathPart(head: Head | null, isBeforeQuery: boolean): Uint8Array | null {
  if (head === null) return null;
  const field = head.find(PATH, 0, PATH.length);
  if (field < 0) return null;
  const start = head.valueStart(field);
  const bytes = head.bufferOf(start);
  const from = start < 0 ? ~start : start;
  const end = from + head.valueLength(field);
  // Looked for by hand, so that one view is made and not two: each costs as much as the rest of the property.
  let mark = from;
  while (mark < end && bytes[mark] !== QUESTION_MARK) mark++;
  if (isBeforeQuery) return bytes.subarray(from, mark);
  return mark === end ? null : bytes.subarray(mark + 1, end);
}

function statusOf(head: Head | null): Uint8Array | null {
  if (head === null) return null;
  const field = head.find(STATUS, 0, STATUS.length);
  if (field < 0) return null;
  scratchView.setUint32(0, statusNumber(head, field), true);
  scratchView.setUint32(4, 0, true);
  return scratch;
}

/** Three digits in a field as a number; 0 for anything else. */
export function statusNumber(head: Head, field: number): number {
  if (head.valueLength(field) !== 3) return 0;
  const start = head.valueStart(field);
  const bytes = head.bufferOf(start);
  const at = start < 0 ? ~start : start;
  const status = (bytes[at]! - 0x30) * 100 + (bytes[at + 1]! - 0x30) * 10 + (bytes[at + 2]! - 0x30);
  return status >= 100 && status <= 999 ? status : 0;
}

function mapOf(head: Head | null): Uint8Array | null {
  if (head === null) return null;
  if (head.reads !== null) head.reads.addAll();
  if (head.count === 0) return encodePairs([]);
  const bytes = new Uint8Array(pairsLength(head));
  writePairs(head, bytes, 0);
  return bytes;
}

/** Names that filters ask for are few and come again: their bytes are kept, up to a bound. */
function nameOf(name: string): Uint8Array {
  const known = nameBytes.get(name);
  if (known !== undefined) return known;
  const bytes = bytesOf(name === "host" ? ":authority" : name.toLowerCase());
  if (nameBytes.size < NAMES_KEPT) nameBytes.set(name, bytes);
  return bytes;
}
