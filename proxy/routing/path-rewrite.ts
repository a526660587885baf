// HOT: bench proxy.
// What a route makes of a path: for the request that goes upstream and for where a redirect leads. The query stays. The
// new path is normalised once more: a matched part taken off `/a../x` or `/a//x` may leave what no hop should see.

import type { Head } from "@sluice/abi";
import { normalisePath, PATH } from "../normalise/path.ts";
import type { PathSubstitution } from "./path-regex.ts";

const PATH_NAME = Buffer.from(":path", "latin1");
const QUESTION = 0x3f;

/** A path in place of a part of the old one. */
export interface PathRewrite {
  /** Writes what becomes of `bytes[start, end)`, a path without its query, into `out`; its length, or -1: nothing valid. */
  write(bytes: Uint8Array, start: number, end: number, out: Uint8Array): number;
}

/** `replacement` in place of the first `matchedBytes`, or of the whole path when that is null. */
export class PrefixRewrite implements PathRewrite {
  private readonly replacement: Uint8Array;
  private readonly matchedBytes: number | null;

  constructor(replacement: string, matchedBytes: number | null) {
    this.replacement = Buffer.from(replacement, "latin1");
    this.matchedBytes = matchedBytes;
  }

  write(bytes: Uint8Array, start: number, end: number, out: Uint8Array): number {
    const { replacement, matchedBytes } = this;
    let at = 0;
    for (; at < replacement.length; at++) out[at] = replacement[at]!;
    const rest = matchedBytes === null ? end : start + matchedBytes;
    for (let from = rest; from < end; from++) out[at++] = bytes[from]!;
    return at;
  }
}

export class RegexRewrite implements PathRewrite {
  private readonly substitution: PathSubstitution;

  constructor(substitution: PathSubstitution) {
    this.substitution = substitution;
  }

  write(bytes: Uint8Array, start: number, end: number, out: Uint8Array): number {
    const path = this.substitution.apply(Buffer.from(bytes.subarray(start, end)).toString("latin1"));
    if (path === null) return -1;
    for (let at = 0; at < path.length; at++) out[at] = path.charCodeAt(at);
    return path.length;
  }
}

/** Room that a rewrite may need beyond the path and the query it had. */
const REWRITE_BYTES = 4_096;
let raw = new Uint8Array(16_384);
let normal = new Uint8Array(16_384);

/**
 * The path of `request` after `rewrite`, query and all, in the normal form; null when there is no valid one. The bytes
 * are valid until the next call.
 */
export function rewritePath(request: Head, rewrite: PathRewrite): Uint8Array | null {
  const field = request.find(PATH_NAME, 0, PATH_NAME.length);
  const tableStart = request.valueStart(field);
  const start = tableStart < 0 ? ~tableStart : tableStart;
  const end = start + request.valueLength(field);
  const bytes = request.bufferOf(tableStart);
  const needed = end - start + REWRITE_BYTES;
  if (raw.length < needed) {
    raw = new Uint8Array(needed * 2);
    normal = new Uint8Array(needed * 2);
  }
  const pathEnd = endOfPath(bytes, start, end);
  let length = rewrite.write(bytes, start, pathEnd, raw);
  if (length < 0) return null;
  for (let at = pathEnd; at < end; at++) raw[length++] = bytes[at]!;
  const written = normalisePath(raw, 0, length, normal);
  if (written === PATH.refused) return null;
  return written === PATH.unchanged ? raw.subarray(0, length) : normal.subarray(0, written);
}

/** Where the query begins, or the end. */
export function endOfPath(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; at++) if (bytes[at] === QUESTION) return at;
  return end;
}
