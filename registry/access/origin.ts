// Which Host and Origin headers the registry accepts. A page on a foreign name that resolves to this machine (DNS
// rebinding) still sends its own name as Host; a page of another site still sends its own Origin.

import { isIP } from "node:net";

export interface CallOrigin {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  /** `Sec-Fetch-Site`, which browsers set and pages cannot. */
  readonly fetchSite: string | undefined;
  /** `Sec-Fetch-Mode`. */
  readonly fetchMode: string | undefined;
}

/** Null when the call may pass, else why not. */
export type OriginRefusal = "host" | "origin" | null;

/** `names` are the host names besides `localhost` and IP addresses by which the registry may be called. */
export function judgeOrigin(call: CallOrigin, names: readonly string[]): OriginRefusal {
  if (call.host === undefined || !hostIsOurs(call.host, names)) return "host";
  if (call.origin !== undefined && !isSameHost(call.origin, call.host)) return "origin";
  if (call.fetchSite === undefined || OWN_SITES.includes(call.fetchSite)) return null;
  // A link on another page may open the console, which shows nothing without its same-site cookie.
  return call.fetchMode === "navigate" ? null : "origin";
}

/** `none` is an address typed by the user. `same-site` is refused: another port of localhost is the same site. */
const OWN_SITES = ["same-origin", "none"];

/** Ports are not compared: a forwarded port is honest, and rebinding needs a name. An IP address cannot be rebound. */
function hostIsOurs(host: string, names: readonly string[]): boolean {
  const name = hostName(host);
  if (name === null) return false;
  return isIP(name) !== 0 || name === "localhost" || names.includes(name);
}

/** The host without port and brackets, in lower case; null when it is not one. */
function hostName(host: string): string | null {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/.exec(host.toLowerCase());
  return match === null ? null : (match[1] ?? match[2] ?? null);
}

/** Schemes are not compared: behind a TLS terminator the page says https while we speak http. */
function isSameHost(origin: string, host: string): boolean {
  const match = /^https?:\/\/(.+)$/.exec(origin);
  return match !== null && withoutDefaultPort(match[1]!) === withoutDefaultPort(host);
}

function withoutDefaultPort(host: string): string {
  return host.toLowerCase().replace(/:(80|443)$/, "");
}
