// HOT: bench proxy.
// The key by which a cluster's policy `consistentHash` chooses, as a hash of 32 bits that is the same on every worker and
// every proxy. Nobody gains by keys that meet: they share an endpoint.

import type { HashOn } from "../contract/index.ts";
import type { Asker } from "../snapshot/runtime.ts";
import { CookieKey, HeaderKey } from "../split/stream-key.ts";

const FNV_OFFSET = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;
const QUERY = 0x3f;

/** What a request without a key gives. */
export const NO_KEY = -1;

/** From 0 to 2³² − 1, or NO_KEY. */
export type RequestHash = (asker: Asker) => number;

export function requestHash({ kind, name }: HashOn): RequestHash {
  switch (kind) {
    case "header":
      return hashOfKey(new HeaderKey(name));
    case "cookie":
      return hashOfKey(new CookieKey(name));
    case "path":
      return hashOfPath(new HeaderKey(":path"));
    case "source":
      return hashOfSource;
  }
}

function hashOfKey(key: HeaderKey | CookieKey): RequestHash {
  return ({ requestHead }) => (key.find(requestHead) ? hashOf(key.bytes, key.start, key.start + key.length) : NO_KEY);
}

/** Without the query. */
function hashOfPath(key: HeaderKey): RequestHash {
  return ({ requestHead }) => {
    if (!key.find(requestHead)) return NO_KEY;
    const { bytes, start, length } = key;
    let end = start;
    while (end < start + length && bytes[end] !== QUERY) end++;
    return hashOf(bytes, start, end);
  };
}

function hashOfSource({ sourceAddress }: Asker): number {
  return sourceAddress === "" ? NO_KEY : hashOfText(sourceAddress);
}

function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = FNV_OFFSET;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, FNV_PRIME);
  return mix(hash);
}

export function hashOfText(text: string): number {
  let hash = FNV_OFFSET;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), FNV_PRIME);
  return mix(hash);
}

/** The last step of MurmurHash3: every bit of what goes in changes half the bits of what comes out. */
export function mix(hash: number): number {
  let mixed = hash;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
