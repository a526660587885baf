// Fields that are no trailers (RFC 9110 section 6.5.1): who merges trailers into headers would let them change what was
// decided by the head. Framing and connection fields are refused where fields are read.

import type { Head } from "@sluice/abi";
import { ascii } from "../bytes.ts";

const FORBIDDEN = [
  "authorization",
  "proxy-authorization",
  "proxy-authenticate",
  "www-authenticate",
  "cookie",
  "set-cookie",
  "content-encoding",
  "content-range",
  "content-type",
  "cache-control",
  "if-match",
  "if-none-match",
  "max-forwards",
  "range",
  "trailer",
].map(ascii);

export function hasForbiddenTrailer(trailers: Head): boolean {
  return FORBIDDEN.some((name) => trailers.find(name, 0, name.length) >= 0);
}
