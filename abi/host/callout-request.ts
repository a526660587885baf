// What a guest says of a callout, read and checked: a name or a field that a request must not carry is refused here, where
// the filter can still be told.

import { Head } from "../head/head.ts";
import type { Caller } from "./caller.ts";
import { canonicalName, appendField, isPseudo, isToken, isValue, mayWrite } from "./header-syntax.ts";
import { CALLOUT_MS_DEFAULT, CALLOUT_MS_MAX, NAME_BYTES_MAX } from "./limits.ts";
import { decodePairs } from "./pairs.ts";

const REQUEST_HEADERS = 0;

// The client frames the message, and a hop's fields are the hop's.
const OF_THE_HOP = new Set([
  "content-length",
  "transfer-encoding",
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "upgrade",
  "expect",
]);

/** Pseudo headers first, names lower case. null: malformed, CONNECT, a field no request may carry, or one of the three is missing. */
export function requestHeaders(bytes: Uint8Array): Head | null {
  const pairs = decodePairs(bytes);
  if (pairs === null) return null;
  const head = new Head();
  for (const pair of pairs) {
    const name = canonicalName(pair.name, REQUEST_HEADERS);
    if (!mayWrite(REQUEST_HEADERS, name, pair.value)) return null;
    if (isPseudo(name) && head.find(name, 0, name.length) >= 0) return null;
    if (!isOfTheHop(name)) appendField(head, name, pair.value);
  }
  const method = head.get(":method");
  const isWhole = method !== null && head.get(":path") !== null && head.get(":authority") !== null;
  // A tunnel has no answer that could be told.
  return isWhole && method !== "CONNECT" ? head : null;
}

/** Trailers of a request or metadata of a gRPC call: no pseudo headers. null: malformed. */
export function plainFields(bytes: Uint8Array): Head | null {
  const pairs = decodePairs(bytes);
  if (pairs === null) return null;
  const head = new Head();
  for (const { name, value } of pairs) {
    if (!isToken(name) || !isValue(value)) return null;
    if (!isOfTheHop(name)) head.append(name, value);
  }
  return head;
}

function isOfTheHop(name: Uint8Array): boolean {
  return OF_THE_HOP.has(Buffer.from(name).toString("latin1").toLowerCase());
}

/** A name of a cluster, service or method; null when it is too long to be one. */
export function calloutName(guest: Caller, ptr: number, size: number): string | null {
  return size >>> 0 > NAME_BYTES_MAX ? null : guest.latin1(ptr, size);
}

/** A timeout as the client takes it; null for a negative one. 0 asks for none, which nobody gets. */
export function calloutMs(timeout: number): number | null {
  if (timeout >>> 0 > 0x7fff_ffff) return null;
  return timeout === 0 ? CALLOUT_MS_DEFAULT : Math.min(timeout, CALLOUT_MS_MAX);
}
