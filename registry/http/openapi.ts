// The API's own description, gathered from the routes as they are registered: it cannot differ from what is served.

import type { FastifyInstance, RouteOptions } from "fastify";
import { FailureSchema } from "./answers.ts";
import type { Act } from "../access/roles.ts";
import { rolesFor } from "../access/roles.ts";

interface RouteSchema {
  readonly params?: ObjectSchema;
  readonly querystring?: ObjectSchema;
  readonly body?: unknown;
}

interface ObjectSchema {
  readonly properties: Readonly<Record<string, unknown>>;
  readonly required?: readonly string[];
}

/** Must be installed before the routes; serves `GET /v1/openapi.json`. */
export function installOpenApi(app: FastifyInstance, version: string): void {
  const paths: Record<string, Record<string, unknown>> = {};
  app.addHook("onRoute", (route) => {
    if (!route.url.startsWith("/v1/")) return;
    const path = route.url.replaceAll(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [String(route.method).toLowerCase()]: operation(route) };
  });
  app.get("/v1/openapi.json", { config: { act: "any", summary: "This description" } }, async () => ({
    openapi: "3.1.0",
    info: { title: "Sluice registry", version },
    paths,
    components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
  }));
}

function operation(route: RouteOptions): Record<string, unknown> {
  const schema = (route.schema ?? {}) as RouteSchema;
  const { act, summary, consumes } = route.config ?? {};
  return {
    summary,
    ...(act === "public" ? {} : { security: [{ token: [] }], "x-roles": rolesOf(act) }),
    parameters: [...parameters("path", schema.params), ...parameters("query", schema.querystring)],
    ...requestBody(schema.body, consumes),
    responses: {
      default: { description: "A refusal", content: { "application/json": { schema: FailureSchema } } },
      "2XX": { description: "Done" },
    },
  };
}

function rolesOf(act: Act | "any" | undefined): readonly string[] {
  return act === undefined || act === "any" ? ["any"] : rolesFor(act);
}

function parameters(place: "path" | "query", schema: ObjectSchema | undefined): unknown[] {
  return Object.entries(schema?.properties ?? {}).map(([name, property]) => ({
    name,
    in: place,
    required: schema?.required?.includes(name) ?? false,
    schema: property,
  }));
}

function requestBody(body: unknown, consumes: readonly string[] | undefined): Record<string, unknown> {
  if (body === undefined && consumes === undefined) return {};
  const types = consumes ?? ["application/json"];
  return { requestBody: { content: Object.fromEntries(types.map((type) => [type, { schema: body ?? {} }])) } };
}
