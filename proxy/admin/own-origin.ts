// Is a call to the admin port made by its own address? A name that resolves to 127.0.0.1 for a moment (DNS rebinding)
// has a foreign Host, a form on another page has a foreign Origin.

import { isIP } from "node:net";
import { parseAddress } from "../contract/index.ts";

/** IP literals and `localhost`, at our port: a rebound name is neither. */
export function isOwnHost(host: string, port: number): boolean {
  const named = /:\d+$/.test(host) ? parseAddress(host) : { host, port: 80 };
  return named.port === port && (named.host === "localhost" || isIP(named.host) !== 0);
}

/** A call without Origin is no page's call. */
export function isOwnOrigin(origin: string | undefined, port: number): boolean {
  if (origin === undefined) return true;
  const match = /^http:\/\/(.+)$/.exec(origin);
  return match !== null && isOwnHost(match[1]!, port);
}
