// From the configuration to the policy. What could never match, what browsers would not honour, and what would open more
// than its author thought is refused with its place.

import { Text, asciiLowerCase, asciiUpperCase, isHeaderName, log, parseDurationMs } from "@sluice/sdk-filter/assembly";
import { Config } from "./config";
import { CorsPolicy, Wildcard } from "./cors-policy";

const ALLOW_METHODS: Text = Text.of("access-control-allow-methods");
const ALLOW_HEADERS: Text = Text.of("access-control-allow-headers");
const MAX_AGE: Text = Text.of("access-control-max-age");

const MAX_AGE_MS_MIN: i64 = 5_000;
const MAX_AGE_MS_MAX: i64 = 86_400_000;

/** Methods that no page may use (Fetch, 2.2.1). */
const FORBIDDEN_METHODS: string[] = ["CONNECT", "TRACE", "TRACK"];

@final
export class PolicyCompiler {
  private readonly policy: CorsPolicy;
  private refused: bool = false;

  constructor(policy: CorsPolicy) {
    this.policy = policy;
  }

  /** False when something was refused; every reason has been logged then. */
  compile(config: Config): bool {
    this.policy.credentials = config.credentials;
    for (let i = 0; i < config.origins.length; i++) this.addOrigin(config.origins[i], config, `origins[${i}]`);
    this.policy.exact.freeze();
    for (let i = 0; i < config.methods.length; i++) this.checkMethod(config.methods[i], config, `methods[${i}]`);
    this.checkNames(config.headers, config, "headers");
    this.checkNames(config.expose, config, "expose");
    this.addFields(config);
    return !this.refused;
  }

  private addOrigin(origin: string, config: Config, place: string): void {
    if (origin == "*") this.allowAll(config, place);
    else if (origin == "null") this.allowNull(config, place);
    else {
      const problem = originProblem(origin);
      const star = origin.indexOf("*");
      if (problem.length > 0) this.refuse(place, problem);
      else if (star < 0) this.policy.exact.add(origin, 1);
      else this.policy.wildcards.push(new Wildcard(origin.substring(0, star), origin.substring(star + 1)));
    }
  }

  private allowAll(config: Config, place: string): void {
    this.policy.allowsAll = true;
    if (config.credentials)
      this.refuse(place, "every site in the world could act as the user: name the origins, or leave credentials out");
    else if (config.origins.length > 1) this.refuse(place, "'*' is every origin: leave the others out");
  }

  /** Sandboxed frames and files of anybody have the origin null. */
  private allowNull(config: Config, place: string): void {
    if (config.credentials) this.refuse(place, "any page can make itself a null origin: not with credentials");
    else this.policy.exact.add("null", 1);
  }

  private checkMethod(method: string, config: Config, place: string): void {
    if (method == "*" && !config.credentials) return;
    if (method == "*") this.refuse(place, "with credentials browsers take '*' for a method of that name: name them");
    else if (!isHeaderName(method)) this.refuse(place, "'" + method + "' is no method");
    else if (method != asciiUpperCase(method))
      this.refuse(place, "methods are upper case: '" + asciiUpperCase(method) + "'");
    else if (FORBIDDEN_METHODS.includes(method)) this.refuse(place, "browsers let no page use " + method);
  }

  private checkNames(names: string[], config: Config, what: string): void {
    for (let i = 0; i < names.length; i++) {
      if (names[i] == "*" && config.credentials)
        this.refuse(`${what}[${i}]`, "with credentials browsers take '*' for a field of that name: name them");
      else if (names[i] != "*" && !isHeaderName(names[i]))
        this.refuse(`${what}[${i}]`, "'" + names[i] + "' is no header name");
      else if (what == "expose" && asciiLowerCase(names[i]).startsWith("set-cookie"))
        this.refuse(`${what}[${i}]`, "browsers never show set-cookie to pages");
    }
  }

  private addFields(config: Config): void {
    const preflight = this.policy.preflight;
    const maxAgeMs = parseDurationMs(config.maxAge);
    if (maxAgeMs < MAX_AGE_MS_MIN || maxAgeMs > MAX_AGE_MS_MAX)
      this.refuse("maxAge", "a duration from 5s to 24h is expected");
    let fits = preflight.add(MAX_AGE, Text.of((maxAgeMs / 1000).toString()));
    if (config.methods.length > 0) fits = preflight.add(ALLOW_METHODS, Text.of(config.methods.join(", "))) && fits;
    if (config.headers.length > 0) fits = preflight.add(ALLOW_HEADERS, Text.of(config.headers.join(", "))) && fits;
    if (config.expose.length > 0) this.policy.exposed = Text.of(config.expose.join(", "));
    if (!fits) this.refuse("headers", "methods and headers together come to more than 4 KiB");
  }

  private refuse(place: string, reason: string): void {
    this.refused = true;
    log.error("configuration refused: " + place + ": " + reason);
  }
}

/** What is wrong with `scheme://host[:port]`, the host possibly `*.name.tld`; empty when nothing is. */
export function originProblem(origin: string): string {
  const end = origin.indexOf("://");
  if (end < 1 || !isHeaderName(origin.substring(0, end))) return "an origin is scheme://host[:port], null or *";
  const scheme = origin.substring(0, end);
  const authority = origin.substring(end + 3);
  if (origin != asciiLowerCase(origin)) return "browsers send origins in lower case: '" + asciiLowerCase(origin) + "'";
  if (authority.includes("/") || authority.includes("?") || authority.includes("@"))
    return "an origin has no path, query or user: leave out what follows the host, a slash too";
  if ((scheme == "https" && authority.endsWith(":443")) || (scheme == "http" && authority.endsWith(":80")))
    return "browsers leave out the default port";
  return hostProblem(authority);
}

function hostProblem(authority: string): string {
  const isWild = authority.startsWith("*.");
  const host = isWild ? authority.substring(2) : authority;
  if (host.length == 0 || !isHost(host))
    return "a host has letters, digits, dots and dashes; a star stands first, as in https://*.example.com";
  // No list of public suffixes is at hand, but a single label is one for sure.
  if (isWild && !host.substring(0, host.length - 1).includes("."))
    return "'*." + host + "' would allow half the internet: name more of the host";
  return "";
}

/** Letters, digits, dots and dashes, an IPv6 address in brackets, a port. */
function isHost(text: string): bool {
  const bracket = text.startsWith("[") ? text.indexOf("]") : -1;
  const colon = text.indexOf(":", bracket < 0 ? 0 : bracket);
  const port = colon < 0 ? "" : text.substring(colon + 1);
  if (colon >= 0 && (port.length == 0 || port.length > 5 || !hasOnly(port, "0123456789"))) return false;
  const host = colon < 0 ? text : text.substring(0, colon);
  if (bracket >= 0) return host.endsWith("]") && hasOnly(host, "[]0123456789abcdef:.");
  return host.length > 0 && hasOnly(host, "abcdefghijklmnopqrstuvwxyz0123456789-.");
}

function hasOnly(text: string, allowed: string): bool {
  for (let i = 0; i < text.length; i++) if (!allowed.includes(text.charAt(i))) return false;
  return true;
}
