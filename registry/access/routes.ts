// HTTP: a token becomes a console session; who am I; the session's end.

import { SluiceError } from "@sluice/abi";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { Type } from "typebox";
import type { Static } from "typebox";
import { REGISTRY_ERRORS } from "../errors.ts";
import { closedObject } from "../http/answers.ts";
import { callerOfRequest } from "../http/guard.ts";
import { SESSION_LIFETIME_MS } from "../limits.ts";
import { actsOf } from "./roles.ts";
import { SESSION_COOKIE } from "./sessions.ts";
import type { SessionBook } from "./sessions.ts";
import type { TokenBook } from "./tokens.ts";

export interface AccessServices {
  readonly tokens: TokenBook;
  readonly sessions: SessionBook;
}

const SessionBody = closedObject({ token: Type.String({ minLength: 1, maxLength: 200 }) });

export async function accessRoutes(app: FastifyInstance, { tokens, sessions }: AccessServices): Promise<void> {
  app.post<{ Body: Static<typeof SessionBody> }>(
    "/v1/session",
    { config: { act: "public", summary: "Open a console session with a token" }, schema: { body: SessionBody } },
    async (request, reply) => {
      const caller = tokens.callerOf(request.body.token.trim());
      if (caller === null) throw new SluiceError(REGISTRY_ERRORS.tokenUnknown, "the token is not known here");
      return reply.setCookie(SESSION_COOKIE, sessions.open(caller), cookieOptions(request)).send(caller);
    },
  );
  app.get(
    "/v1/session",
    { config: { act: "any", summary: "Name and role of the caller, and the acts the role may do" } },
    async (request) => {
      const caller = callerOfRequest(request);
      return { ...caller, acts: actsOf(caller.role) };
    },
  );
  app.delete("/v1/session", { config: { act: "any", summary: "End the console session" } }, async (request, reply) => {
    const id = request.cookies[SESSION_COOKIE];
    if (id !== undefined) sessions.close(id);
    return reply.clearCookie(SESSION_COOKIE, cookieOptions(request)).code(204).send();
  });
}

function cookieOptions(request: FastifyRequest): {
  path: string;
  httpOnly: true;
  sameSite: "strict";
  secure: boolean;
  maxAge: number;
} {
  // Only the browser knows whether a TLS terminator stands in front of us; it says so in the page's Origin.
  const secure = request.headers.origin?.startsWith("https:") === true;
  return { path: "/", httpOnly: true, sameSite: "strict", secure, maxAge: SESSION_LIFETIME_MS / 1_000 };
}
