// HOT: bench proxy.
// What a request's method means for how it is sent.

import type { Head } from "@sluice/abi";

const HEAD = Buffer.from("HEAD", "latin1");
/** Methods whose repetition changes nothing more (RFC 9110 section 9.2.2). */
const IDEMPOTENT = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"].map((method) => Buffer.from(method, "latin1"));
/** Methods whose content means something, so that its absence is said (RFC 9110 section 8.6). */
const WITH_CONTENT = ["POST", "PUT", "PATCH"].map((method) => Buffer.from(method, "latin1"));
const METHOD_NAME_LENGTH = 7;
const LETTER_M = 0x6d;

export function isHead(request: Head): boolean {
  return isMethod(request, HEAD);
}

export function isIdempotent(request: Head): boolean {
  for (let i = 0; i < IDEMPOTENT.length; i++) if (isMethod(request, IDEMPOTENT[i]!)) return true;
  return false;
}

export function mayHaveContent(request: Head): boolean {
  return WITH_CONTENT.some((method) => isMethod(request, method));
}

function isMethod(request: Head, method: Uint8Array): boolean {
  // `:method` stands first unless a filter replaced the whole map.
  const field = isMethodName(request) ? 0 : request.findName(":method");
  if (request.valueLength(field) !== method.length) return false;
  const start = request.valueStart(field);
  const bytes = request.bufferOf(start);
  const offset = start < 0 ? ~start : start;
  for (let i = 0; i < method.length; i++) if (bytes[offset + i] !== method[i]) return false;
  return true;
}

/** `:scheme` is as long. */
function isMethodName(request: Head): boolean {
  if (request.nameLength(0) !== METHOD_NAME_LENGTH) return false;
  const start = request.nameStart(0);
  return request.bufferOf(start)[(start < 0 ? ~start : start) + 1] === LETTER_M;
}
