// HOT: bench proxy.
// The `date` field (RFC 9110 section 6.6.1) for responses that have none: ours, and those of upstreams without a clock.

import { ascii } from "../bytes.ts";

let second = -1;
let line: Uint8Array = new Uint8Array(0);

/** The field line for a wall time, made once a second. */
export function dateLine(wallMs: number): Uint8Array {
  const now = Math.floor(wallMs / 1000);
  if (now !== second) {
    second = now;
    line = ascii(`date: ${new Date(now * 1000).toUTCString()}\r\n`);
  }
  return line;
}
