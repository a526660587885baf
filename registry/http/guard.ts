// The door of every call: Host and Origin first, then who calls, then whether the role may do what the route does.
// A route below /v1 that names no act stops the registry at its start: forgetting one must not open a door.

// The cookie plugin's types: its methods on request and reply.
import "@fastify/cookie";
import { SluiceError } from "@sluice/abi";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { judgeOrigin } from "../access/origin.ts";
import { mayDo, rolesFor } from "../access/roles.ts";
import type { Act } from "../access/roles.ts";
import { SESSION_COOKIE, SESSION_HEADER } from "../access/sessions.ts";
import type { SessionBook } from "../access/sessions.ts";
import type { Caller, TokenBook } from "../access/tokens.ts";
import { REGISTRY_ERRORS } from "../errors.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** What the route does; `any` needs a caller of any role, `public` none. */
    act?: Act | "any" | "public";
    /** For people, in the API's description. */
    summary?: string;
    /** Media types of the body where it is not JSON alone. */
    consumes?: readonly string[];
  }
  interface FastifyRequest {
    /** Who calls; null only on public routes. */
    caller: Caller | null;
  }
}

export interface GuardOptions {
  readonly tokens: TokenBook;
  readonly sessions: SessionBook;
  /** Host names besides `localhost` and IP addresses. */
  readonly hostNames: readonly string[];
}

export function installGuard(app: FastifyInstance, options: GuardOptions): void {
  app.decorateRequest("caller", null);
  app.addHook("onRoute", (route) => {
    if (route.url.startsWith("/v1") && route.config?.act === undefined) {
      throw new Error(`route ${String(route.method)} ${route.url} names no act`);
    }
  });
  app.addHook("onRequest", async (request) => {
    refuseForeignSites(request, options.hostNames);
    const act = request.routeOptions.config.act;
    // Unknown paths and the console's static files: nothing below /v1 gets here without an act.
    if (act === undefined || act === "public") return;
    request.caller = callerOf(request, options);
    if (act !== "any") refuseWrongRole(request.caller, act);
  });
}

/** The caller of a route that is not public. */
export function callerOfRequest(request: FastifyRequest): Caller {
  if (request.caller === null) throw new Error(`${request.url} has no caller though its route is not public`);
  return request.caller;
}

function refuseForeignSites(request: FastifyRequest, hostNames: readonly string[]): void {
  const { host, origin } = request.headers;
  const refusal = judgeOrigin(
    { host, origin, fetchSite: oneOf(request, "sec-fetch-site"), fetchMode: oneOf(request, "sec-fetch-mode") },
    hostNames,
  );
  if (refusal === "host") throw new SluiceError(REGISTRY_ERRORS.hostRefused, `refused a call for host ${shown(host)}`);
  if (refusal === "origin")
    throw new SluiceError(REGISTRY_ERRORS.originRefused, `refused a call from origin ${shown(origin)}`);
}

function callerOf(request: FastifyRequest, { tokens, sessions }: GuardOptions): Caller {
  const { authorization } = request.headers;
  if (authorization !== undefined) return known(tokens.callerOf(bearerToken(authorization)), "token");
  const cookie = request.cookies[SESSION_COOKIE];
  if (cookie === undefined) {
    throw new SluiceError(REGISTRY_ERRORS.tokenMissing, `${request.method} ${pathOf(request)} needs a token`);
  }
  refuseForgedChange(request);
  return known(sessions.callerOf(cookie), "session");
}

function bearerToken(authorization: string): string {
  const match = /^Bearer +(\S+)$/i.exec(authorization);
  if (match === null)
    throw new SluiceError(REGISTRY_ERRORS.tokenMissing, "the Authorization header is not `Bearer TOKEN`");
  return match[1]!;
}

function known(caller: Caller | null, what: "token" | "session"): Caller {
  if (caller === null) throw new SluiceError(REGISTRY_ERRORS.tokenUnknown, `the ${what} is not known here`);
  return caller;
}

/** The cookie travels by itself, so a change must also carry what only our own page can send. */
function refuseForgedChange(request: FastifyRequest): void {
  if (request.method === "GET" || request.headers[SESSION_HEADER] !== undefined) return;
  throw new SluiceError(
    REGISTRY_ERRORS.sessionHeaderMissing,
    `${request.method} ${pathOf(request)} came with a cookie alone`,
  );
}

function refuseWrongRole(caller: Caller, act: Act): void {
  if (mayDo(caller.role, act)) return;
  const roles = rolesFor(act).join(", ");
  throw new SluiceError(
    REGISTRY_ERRORS.roleLacks,
    `token ${caller.name} has role ${caller.role}, this takes one of: ${roles}`,
  );
}

function oneOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** Without the query, which may be long and is nobody's business in a log. */
function pathOf(request: FastifyRequest): string {
  return request.url.split("?", 1)[0]!;
}

function shown(value: string | undefined): string {
  return value === undefined ? "(none)" : JSON.stringify(value.slice(0, 100));
}
