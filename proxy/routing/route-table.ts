// HOT: bench proxy.
// First match wins over routes compiled to bytes: nothing of a head becomes a string here. Hosts and paths arrive
// normalised (lower-case host, no default port, one form of path), so comparing bytes is comparing meaning.

import type { Head } from "@sluice/abi";
import type { HeaderMatchConfig, RouteConfig } from "../contract/index.ts";
import type { Cluster, Route, RouteExtras, RouteTable } from "../snapshot/runtime.ts";
import { REGEX_PATH_BYTES_MAX } from "./limits.ts";
import { PathRegex } from "./path-regex.ts";
import { endOfPath } from "./path-rewrite.ts";
import { compileExtras } from "./route-extras.ts";

const AUTHORITY = Buffer.from(":authority");
const METHOD = Buffer.from(":method");
const PATH = Buffer.from(":path");
const QUESTION_MARK = 0x3f;
const COLON = 0x3a;
const CLOSE_BRACKET = 0x5d;

/** Compiles routes in their order. `slotMask` and `cluster` answer for a route by its name and its cluster's. */
export function compileRoutes(
  routes: readonly RouteConfig[],
  slotMask: (route: string) => number,
  cluster: (name: string) => Cluster,
): RouteTable {
  return new CompiledRoutes(
    routes.map((route, index) => new CompiledRoute(route, index, slotMask(route.name), cluster)),
  );
}

class CompiledRoutes implements RouteTable {
  private readonly routes: readonly CompiledRoute[];

  constructor(routes: readonly CompiledRoute[]) {
    this.routes = routes;
  }

  match(head: Head): Route | null {
    const authority = head.find(AUTHORITY, 0, AUTHORITY.length);
    const path = head.find(PATH, 0, PATH.length);
    const method = head.find(METHOD, 0, METHOD.length);
    if (path < 0 || method < 0) return null;
    const routes = this.routes;
    for (let i = 0; i < routes.length; i++) {
      const route = routes[i]!;
      if (route.regex !== null && isTooLong(head, path)) return null;
      if (route.matches(head, authority, path, method)) return route;
    }
    return null;
  }
}

class CompiledRoute implements Route {
  readonly name: string;
  readonly index: number;
  readonly slotMask: number;
  readonly cluster: Cluster | null;
  readonly timeoutMs: number;
  readonly extras: RouteExtras | null;
  readonly regex: PathRegex | null;
  private readonly anyHost: boolean;
  private readonly hosts: readonly HostMatch[];
  private readonly path: Uint8Array;
  private readonly wholePath: boolean;
  private readonly methods: readonly Uint8Array[];
  private readonly headers: readonly HeaderMatch[];

  constructor(route: RouteConfig, index: number, slotMask: number, cluster: (name: string) => Cluster) {
    this.name = route.name;
    this.index = index;
    this.slotMask = slotMask;
    this.cluster = route.clusters.length === 1 ? cluster(route.clusters[0]!.name) : null;
    this.timeoutMs = route.timeoutMs;
    this.extras = compileExtras(route, cluster);
    this.regex = "regex" in route.path ? new PathRegex(route.path.regex) : null;
    this.anyHost = route.hosts.includes("*");
    this.hosts = route.hosts.filter((host) => host !== "*").map(compileHost);
    this.wholePath = "exact" in route.path;
    this.path = Buffer.from(textOf(route.path));
    this.methods = route.methods.map((method) => Buffer.from(method));
    this.headers = route.headers.map(compileHeader);
  }

  matches(head: Head, authority: number, path: number, method: number): boolean {
    return (
      this.pathMatches(head, path) &&
      (this.anyHost || (authority >= 0 && this.hostMatches(head, authority))) &&
      (this.methods.length === 0 || this.methodMatches(head, method)) &&
      (this.headers.length === 0 || this.headersMatch(head))
    );
  }

  private pathMatches(head: Head, path: number): boolean {
    const start = head.valueStart(path);
    const source = head.bufferOf(start);
    const offset = start < 0 ? ~start : start;
    const length = head.valueLength(path);
    if (this.regex !== null) return this.regex.matches(source, offset, endOfPath(source, offset, offset + length));
    const wanted = this.path;
    if (length < wanted.length || !equals(source, offset, wanted)) return false;
    if (!this.wholePath || length === wanted.length) return true;
    return source[offset + wanted.length] === QUESTION_MARK;
  }

  private hostMatches(head: Head, authority: number): boolean {
    const start = head.valueStart(authority);
    const source = head.bufferOf(start);
    const offset = start < 0 ? ~start : start;
    const length = head.valueLength(authority);
    const hostLength = lengthWithoutPort(source, offset, length);
    const hosts = this.hosts;
    for (let i = 0; i < hosts.length; i++) {
      const { text, suffix, withPort } = hosts[i]!;
      const compared = withPort ? length : hostLength;
      // A suffix stands for at least one label before it: `*.a.test` is not `.a.test`.
      if (suffix ? compared <= text.length : compared !== text.length) continue;
      if (equals(source, offset + compared - text.length, text)) return true;
    }
    return false;
  }

  private methodMatches(head: Head, method: number): boolean {
    const methods = this.methods;
    for (let i = 0; i < methods.length; i++) if (valueEquals(head, method, methods[i]!, false)) return true;
    return false;
  }

  private headersMatch(head: Head): boolean {
    const headers = this.headers;
    for (let i = 0; i < headers.length; i++) if (!headerMatches(head, headers[i]!)) return false;
    return true;
  }
}

/** The bytes to compare; none where an expression decides. */
function textOf(path: RouteConfig["path"]): string {
  if ("regex" in path) return "";
  return "exact" in path ? path.exact : path.prefix;
}

/**
 * What no expression may be asked about belongs to no route from there on: passing such a path to the routes behind
 * would let its length choose them.
 */
function isTooLong(head: Head, path: number): boolean {
  const length = head.valueLength(path);
  if (length <= REGEX_PATH_BYTES_MAX) return false;
  const start = head.valueStart(path);
  const offset = start < 0 ? ~start : start;
  return endOfPath(head.bufferOf(start), offset, offset + length) - offset > REGEX_PATH_BYTES_MAX;
}

interface HostMatch {
  readonly text: Uint8Array;
  readonly suffix: boolean;
  /** A pattern without a port matches every port. */
  readonly withPort: boolean;
}

function compileHost(host: string): HostMatch {
  const suffix = host.startsWith("*.");
  const withPort = /[^:]:\d+$/.test(host) && !/\[[^\]]*$/.test(host);
  return { text: Buffer.from(suffix ? host.slice(1) : host), suffix, withPort };
}

interface HeaderMatch {
  readonly name: Uint8Array;
  readonly kind: HeaderMatchConfig["kind"];
  readonly value: Uint8Array;
}

function compileHeader({ name, kind, value }: HeaderMatchConfig): HeaderMatch {
  return { name: Buffer.from(name, "latin1"), kind, value: Buffer.from(value) };
}

/** A duplicate header is a list: any of its values may match. */
function headerMatches(head: Head, { name, kind, value }: HeaderMatch): boolean {
  let field = head.find(name, 0, name.length);
  if (kind === "absent") return field < 0;
  if (kind === "present") return field >= 0;
  for (; field >= 0; field = head.find(name, 0, name.length, field + 1)) {
    if (valueEquals(head, field, value, kind === "prefix")) return true;
  }
  return false;
}

function valueEquals(head: Head, field: number, wanted: Uint8Array, asPrefix: boolean): boolean {
  const length = head.valueLength(field);
  if (asPrefix ? length < wanted.length : length !== wanted.length) return false;
  const start = head.valueStart(field);
  return equals(head.bufferOf(start), start < 0 ? ~start : start, wanted);
}

function equals(source: Uint8Array, offset: number, wanted: Uint8Array): boolean {
  for (let i = 0; i < wanted.length; i++) if (source[offset + i] !== wanted[i]) return false;
  return true;
}

/** Digits after the last colon are a port, unless that colon stands inside the brackets of an IPv6 address. */
function lengthWithoutPort(source: Uint8Array, offset: number, length: number): number {
  for (let i = length - 1; i > 0; i--) {
    const byte = source[offset + i]!;
    if (byte === COLON) return i;
    if (byte === CLOSE_BRACKET || byte < 0x30 || byte > 0x39) return length;
  }
  return length;
}
