// HOT: bench proxy.
// What a route answers itself: a direct response, made once, or a redirect, whose location depends on the request.

import { Head, headOf } from "@sluice/abi/data-path";
import type { DirectConfig, RedirectConfig } from "../contract/index.ts";
import type { HeadChange, RouteAnswer } from "../snapshot/runtime.ts";
import { rewritePath, type PathRewrite } from "./path-rewrite.ts";

interface Reply {
  readonly head: Head;
  readonly body: Uint8Array;
}

const NO_BODY = new Uint8Array(0);
const AUTHORITY = Buffer.from(":authority", "latin1");
const LOCATION = Buffer.from("location", "latin1");

export class DirectAnswer implements RouteAnswer {
  private readonly reply: Reply;

  constructor({ status, body, headers }: DirectConfig, change: HeadChange | null) {
    const hasType = headers.some(([name]) => name === "content-type");
    const type: [string, string][] = body.length > 0 && !hasType ? [["content-type", "text/plain"]] : [];
    const head = replyHead(status, [...headers, ...type], body.length);
    if (change !== null) change.apply(head);
    this.reply = { head, body };
  }

  replyTo(): Reply {
    return this.reply;
  }
}

export class RedirectAnswer implements RouteAnswer {
  private readonly plain: Head;
  private readonly reply: Reply = { head: new Head(), body: NO_BODY };
  private readonly config: RedirectConfig;
  /** What goes before the path; null: the request's own host is a part of it, or nothing goes there. */
  private readonly origin: string | null;
  private readonly rewrite: PathRewrite;
  private readonly change: HeadChange | null;

  constructor(config: RedirectConfig, rewrite: PathRewrite, change: HeadChange | null) {
    this.config = config;
    this.plain = replyHead(config.status, [], 0);
    this.rewrite = rewrite;
    this.change = change;
    this.origin = fixedOrigin(config);
  }

  replyTo(request: Head): Reply | null {
    const path = rewritePath(request, this.rewrite);
    if (path === null) return null;
    const { head } = this.reply;
    head.copyFrom(this.plain);
    const origin = this.origin ?? this.originOf(request);
    head.append(LOCATION, Buffer.concat([Buffer.from(origin, "latin1"), path]));
    if (this.change !== null) this.change.apply(head);
    return this.reply;
  }

  /** Scheme and host of the request, as far as the redirect does not change them. */
  private originOf(request: Head): string {
    const { scheme, port } = this.config;
    const authority = request.valueString(request.find(AUTHORITY, 0, AUTHORITY.length));
    const host = port === null ? authority : authority.slice(0, hostLength(authority));
    return `${scheme ?? "http"}://${host}${portText(scheme, port)}`;
  }
}

/**
 * Without a word about scheme, host and port the location is the path alone, which keeps all three: behind a balancer
 * that ends TLS this proxy does not know the scheme its client used.
 */
function fixedOrigin({ scheme, host, port }: RedirectConfig): string | null {
  if (scheme === null && host === null && port === null) return "";
  return host === null ? null : `${scheme ?? "http"}://${host}${portText(scheme, port)}`;
}

function portText(scheme: RedirectConfig["scheme"], port: number | null): string {
  return port === null || port === (scheme === "https" ? 443 : 80) ? "" : `:${port}`;
}

/** Without a port: digits behind the last colon, unless that stands inside an IPv6 address. */
function hostLength(authority: string): number {
  const bracket = authority.lastIndexOf("]");
  const colon = authority.lastIndexOf(":");
  return colon > bracket ? colon : authority.length;
}

function replyHead(status: number, fields: readonly (readonly [string, string])[], bodyBytes: number): Head {
  // 204 may not say how long its content is, and 304 would speak of content it does not have.
  const hasLength = status !== 204 && status !== 304;
  const length: [string, string][] = hasLength ? [["content-length", String(bodyBytes)]] : [];
  return headOf([[":status", String(status)], ...fields, ...length]);
}
