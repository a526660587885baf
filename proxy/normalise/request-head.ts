// HOT: bench proxy.
// Brings a request head's `:path` and `:authority` into their one form, before routing and again when a filter changed
// them. The head is not marked as edited: this is how the request is, not a change to it.

import type { Head } from "@sluice/abi";
import { PSEUDO } from "@sluice/abi/data-path";
import { HOST, normaliseHost } from "./host.ts";
import { normalisePath, PATH } from "./path.ts";

const PATH_NAME = Buffer.from(":path", "latin1");
const AUTHORITY_NAME = Buffer.from(":authority", "latin1");
const METHOD_NAME = Buffer.from(":method", "latin1");
const OPTIONS = Buffer.from("OPTIONS", "latin1");
const ASTERISK = 0x2a;
const HTTP_PORT = 80;

/** Grows to the longest path seen; one head is normalised at a time. */
let scratch = new Uint8Array(16_384);

/** False: the request is to be refused with 400. */
export function normaliseRequestHead(head: Head): boolean {
  const path = pseudoField(head, 1, PSEUDO.path.start, PATH_NAME);
  const authority = pseudoField(head, 2, PSEUDO.authority.start, AUTHORITY_NAME);
  return path >= 0 && authority >= 0 && placePath(head, path) && placeHost(head, authority);
}

function placePath(head: Head, field: number): boolean {
  const tableStart = head.valueStart(field);
  const length = head.valueLength(field);
  const start = tableStart < 0 ? ~tableStart : tableStart;
  const bytes = head.bufferOf(tableStart);
  if (length === 1 && bytes[start] === ASTERISK) return isOptions(head);
  if (scratch.length < length) scratch = new Uint8Array(length * 2);
  const written = normalisePath(bytes, start, start + length, scratch);
  if (written === PATH.refused) return false;
  if (written !== PATH.unchanged) setValue(head, field, written);
  return true;
}

function placeHost(head: Head, field: number): boolean {
  const tableStart = head.valueStart(field);
  const start = tableStart < 0 ? ~tableStart : tableStart;
  const bytes = head.bufferOf(tableStart);
  const written = normaliseHost(bytes, start, start + head.valueLength(field), scratch, HTTP_PORT);
  if (written === HOST.refused) return false;
  if (written !== HOST.unchanged) setValue(head, field, written);
  return true;
}

function setValue(head: Head, field: number, length: number): void {
  const valueStart = head.store(scratch.subarray(0, length), false);
  head.table[field * 4 + 2] = valueStart;
  head.table[field * 4 + 3] = length;
}

/** The asterisk is the server as a whole, which only OPTIONS can ask about. */
function isOptions(head: Head): boolean {
  const field = pseudoField(head, 0, PSEUDO.method.start, METHOD_NAME);
  return field >= 0 && Buffer.compare(head.value(field), OPTIONS) === 0;
}

function pseudoField(head: Head, expected: number, nameStart: number, name: Uint8Array): number {
  if (expected < head.count && head.nameStart(expected) === nameStart) return expected;
  return head.find(name, 0, name.length);
}
