// HOT: bench proxy.
// What a request's method means for how it is sent.

import type { Head } from "@sluice/abi";

const HEAD = Buffer.from("HEAD", "latin1");
/** Methods whose repetition changes nothing more (RFC 9110 section 9.2.2). */
const IDEMPOTENT = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"].map((method) => Buffer.from(method, "latin1"));
const METHOD_NAME_LENGTH = 7;

export function isHead(request: Head): boolean {
  return isMethod(request, HEAD);
}

export function isIdempotent(request: Head): boolean {
  for (let i = 0; i < IDEMPOTENT.length; i++) if (isMethod(request, IDEMPOTENT[i]!)) return true;
  return false;
}

function isMethod(request: Head, method: Uint8Array): boolean {
  // `:method` stands first unless a filter replaced the whole map.
  const field = request.nameLength(0) === METHOD_NAME_LENGTH ? 0 : request.findName(":method");
  if (request.valueLength(field) !== method.length) return false;
  const start = request.valueStart(field);
  const bytes = request.bufferOf(start);
  const offset = start < 0 ? ~start : start;
  for (let i = 0; i < method.length; i++) if (bytes[offset + i] !== method[i]) return false;
  return true;
}
