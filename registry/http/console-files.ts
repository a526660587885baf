// The console's built files, when they are there, and the answer for every path that nobody serves. The files hold no
// secrets: all they show comes from /v1 with a session.

import { existsSync } from "node:fs";
import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import { SluiceError } from "@sluice/abi";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { REGISTRY_ERRORS } from "../errors.ts";

const CONSOLE_FOLDER = join(import.meta.dirname, "..", "console", "dist");

export async function consoleRoutes(app: FastifyInstance, folder: string = CONSOLE_FOLDER): Promise<void> {
  const isBuilt = existsSync(join(folder, "index.html"));
  if (isBuilt) await app.register(fastifyStatic, { root: folder, wildcard: false, cacheControl: false });
  else app.get("/", async (_request, reply) => reply.type("text/plain").send(NOT_BUILT));
  app.setNotFoundHandler(async (request, reply) => {
    if (isBuilt && isPagePath(request)) return reply.type("text/html").sendFile("index.html");
    throw new SluiceError(
      REGISTRY_ERRORS.routeUnknown,
      `nothing is served at ${request.method} ${request.url.slice(0, 200)}`,
    );
  });
}

/** The page finds its own way below `/`: for deep links such as `/slots/rbac` the page itself is the answer. */
function isPagePath({ method, url }: FastifyRequest): boolean {
  const path = url.split("?", 1)[0]!;
  return method === "GET" && path !== "/v1" && !path.startsWith("/v1/") && !path.split("/").at(-1)!.includes(".");
}

const NOT_BUILT = "This registry runs without its console: it has not been built. The API is at /v1/openapi.json.\n";
