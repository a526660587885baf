// HOT: bench proxy.
// Which header fields are not simply passed on: framing and connection fields (the codec's own), fields that only this
// proxy may say, and ordinary ones. Names come folded to lower case; a length narrows the choice before any compare.

import { ascii, matches } from "./bytes.ts";

export const FIELD = {
  ordinary: 0,
  /**
   * Hop-by-hop: consumed here. `proxy` is among them, which no standard knows: where fields become variables it is taken for
   * the proxy that programs are to use (httpoxy).
   */
  hop: 1,
  connection: 2,
  contentLength: 3,
  transferEncoding: 4,
  host: 5,
  expect: 6,
  upgrade: 7,
  /** A client's claim about what only we know (`x-forwarded-*`, `forwarded`, `x-request-id`, `x-sluice-*`). */
  claim: 8,
  /** `x-sluice-revision`: signed by who may say it, so it is let in; the exchange takes it out. */
  revision: 9,
} as const;

const TE = ascii("te");
const HOST = ascii("host");
const EXPECT = ascii("expect");
const UPGRADE = ascii("upgrade");
const FORWARDED = ascii("forwarded");
const KEEP_ALIVE = ascii("keep-alive");
const CONNECTION = ascii("connection");
const REQUEST_ID = ascii("x-request-id");
const CONTENT_LENGTH = ascii("content-length");
const HTTP2_SETTINGS = ascii("http2-settings");
const PROXY = ascii("proxy");
const PROXY_AUTHENTICATE = ascii("proxy-authenticate");
const PROXY_AUTHORIZATION = ascii("proxy-authorization");
const PROXY_CONNECTION = ascii("proxy-connection");
const TRANSFER_ENCODING = ascii("transfer-encoding");
const REVISION = ascii("x-sluice-revision");
const SLUICE_PREFIX = ascii("x-sluice-");
const FORWARDED_PREFIX = ascii("x-forwarded-");

export function classifyField(bytes: Uint8Array, start: number, length: number): number {
  switch (length) {
    case 2:
      return matches(bytes, start, TE) ? FIELD.hop : FIELD.ordinary;
    case 4:
      return matches(bytes, start, HOST) ? FIELD.host : FIELD.ordinary;
    case 5:
      return matches(bytes, start, PROXY) ? FIELD.hop : FIELD.ordinary;
    case 6:
      return matches(bytes, start, EXPECT) ? FIELD.expect : FIELD.ordinary;
    case 7:
      return matches(bytes, start, UPGRADE) ? FIELD.upgrade : FIELD.ordinary;
    case 9:
      return matches(bytes, start, FORWARDED) ? FIELD.claim : claimOrOrdinary(bytes, start, length);
    case 10:
      if (matches(bytes, start, CONNECTION)) return FIELD.connection;
      return matches(bytes, start, KEEP_ALIVE) ? FIELD.hop : claimOrOrdinary(bytes, start, length);
    case 12:
      return matches(bytes, start, REQUEST_ID) ? FIELD.claim : claimOrOrdinary(bytes, start, length);
    case 14:
      if (matches(bytes, start, CONTENT_LENGTH)) return FIELD.contentLength;
      return matches(bytes, start, HTTP2_SETTINGS) ? FIELD.hop : claimOrOrdinary(bytes, start, length);
    case 16:
      return matches(bytes, start, PROXY_CONNECTION) ? FIELD.hop : claimOrOrdinary(bytes, start, length);
    case 17:
      if (matches(bytes, start, TRANSFER_ENCODING)) return FIELD.transferEncoding;
      if (matches(bytes, start, REVISION)) return FIELD.revision;
      break;
    case 18:
      return matches(bytes, start, PROXY_AUTHENTICATE) ? FIELD.hop : claimOrOrdinary(bytes, start, length);
    case 19:
      return matches(bytes, start, PROXY_AUTHORIZATION) ? FIELD.hop : claimOrOrdinary(bytes, start, length);
  }
  return claimOrOrdinary(bytes, start, length);
}

function claimOrOrdinary(bytes: Uint8Array, start: number, length: number): number {
  if (length < SLUICE_PREFIX.length || bytes[start] !== 0x78 || bytes[start + 1] !== 0x2d) return FIELD.ordinary;
  if (matches(bytes, start, SLUICE_PREFIX)) return FIELD.claim;
  return length >= FORWARDED_PREFIX.length && matches(bytes, start, FORWARDED_PREFIX) ? FIELD.claim : FIELD.ordinary;
}
