// HTTP: deployments, their history, rollback. Documents arrive as text, because the contract's reader names the line.

import { SluiceError } from "@sluice/abi";
import { DurationSchema, NameSchema, durationMs, ownRevisions, revisionDigest } from "@sluice/proxy/contract";
import type { Deployment, Digest } from "@sluice/proxy/contract";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import type { Static } from "typebox";
import { REGISTRY_ERRORS } from "../errors.ts";
import { FlagQuery, NameParam, NumberQuery, closedObject, nameOf } from "../http/answers.ts";
import { callerOfRequest } from "../http/guard.ts";
import {
  DOCUMENT_BODY_BYTES_MAX,
  FORCE_DEFAULT,
  FORCE_MS_MAX,
  HISTORY_PAGE_DEFAULT,
  HISTORY_PAGE_MAX,
  OVERRIDE_EVENTS_SHOWN_MAX,
} from "../limits.ts";
import type { DeploymentTable } from "../store/deployment-table.ts";
import type { OverrideTable } from "../store/override-table.ts";
import { forceRevision } from "./force.ts";
import { unknownDeployment } from "./deployment-desk.ts";
import type { DeploymentDesk, WriteOptions, Written } from "./deployment-desk.ts";
import { differencesOf } from "./difference.ts";

export interface DeploymentServices {
  readonly deployments: DeploymentTable;
  readonly overrides: OverrideTable;
  readonly desk: DeploymentDesk;
  /** Of splits, as hex. */
  readonly splitSecret: string;
}

export async function deploymentRoutes(app: FastifyInstance, services: DeploymentServices): Promise<void> {
  readRoutes(app, services.deployments);
  historyRoute(app, services);
  diffRoute(app, services.deployments);
  await putRoute(app, services.desk);
  rollbackRoute(app, services);
  forceRoute(app, services);
}

const NameParams = closedObject({ name: NameParam });
const OneQuery = closedObject({ number: Type.Optional(NumberQuery) });

function readRoutes(app: FastifyInstance, deployments: DeploymentTable): void {
  app.get(
    "/v1/deployments",
    {
      config: {
        act: "read",
        summary: "The deployment in charge of every name; beside it the revisions' digests by deployment and slot",
      },
    },
    async () => {
      const current = deployments.allCurrent();
      return {
        deployments: current,
        revisions: Object.fromEntries(current.map((deployment) => [deployment.name, revisionsOf(deployment)])),
      };
    },
  );
  app.get<{ Params: Static<typeof NameParams>; Querystring: Static<typeof OneQuery> }>(
    "/v1/deployments/:name",
    {
      config: { act: "read", summary: "The deployment in charge, or an earlier number" },
      schema: { params: NameParams, querystring: OneQuery },
    },
    async (request, reply) => {
      const name = nameOf(request.params.name, "deployment");
      const number = request.query.number === undefined ? null : Number(request.query.number);
      const found = number === null ? deployments.current(name) : deployments.at(name, number);
      if (found === null) throw unknownDeployment(name, number);
      return reply.header("etag", `"${found.number}"`).send(found);
    },
  );
}

/**
 * Counters name revisions by these digests; beside the documents, which stay as they were written. A slot's own come first,
 * in their order; behind them those with the configurations that some routes have.
 */
function revisionsOf({ slots }: Deployment): Record<string, Digest[]> {
  return Object.fromEntries(
    slots.map((slot) => [
      slot.name,
      [slot, ...ownRevisions(slot)].flatMap(({ revisions }) => revisions.map(revisionDigest)),
    ]),
  );
}

const HistoryQuery = closedObject({ before: Type.Optional(NumberQuery), limit: Type.Optional(NumberQuery) });

function historyRoute(app: FastifyInstance, { deployments, overrides }: DeploymentServices): void {
  app.get<{ Params: Static<typeof NameParams>; Querystring: Static<typeof HistoryQuery> }>(
    "/v1/deployments/:name/history",
    {
      config: { act: "read", summary: "Who changed what, when and why, newest first" },
      schema: { params: NameParams, querystring: HistoryQuery },
    },
    async (request) => {
      const name = nameOf(request.params.name, "deployment");
      const before = Number(request.query.before ?? Number.MAX_SAFE_INTEGER);
      const limit = Math.min(Math.max(Number(request.query.limit ?? HISTORY_PAGE_DEFAULT), 1), HISTORY_PAGE_MAX);
      // One more than asked for: the oldest entry of a page is compared with the one before it.
      const page = deployments.history(name, before, limit + 1);
      if (page.length === 0 && deployments.numberOf(name) === 0) throw unknownDeployment(name);
      const entries = page.slice(0, limit).map((deployment, index) => {
        const { number, who, when, why = "" } = deployment;
        return { number, who, when, why, diff: differencesOf(page[index + 1] ?? null, deployment) };
      });
      const next = page.length > limit ? entries.at(-1)!.number : null;
      // What happened under the numbers of this page; under number 0 too, on proxies that had a deployment of their own.
      const overridden = overrides.list(name, next ?? 0, before, OVERRIDE_EVENTS_SHOWN_MAX);
      return { name, history: entries, overrides: overridden, next };
    },
  );
}

const DiffQuery = closedObject({ from: NumberQuery, to: Type.Optional(NumberQuery) });

function diffRoute(app: FastifyInstance, deployments: DeploymentTable): void {
  app.get<{ Params: Static<typeof NameParams>; Querystring: Static<typeof DiffQuery> }>(
    "/v1/deployments/:name/diff",
    {
      config: { act: "read", summary: "What changes from one number to another, or to the one in charge" },
      schema: { params: NameParams, querystring: DiffQuery },
    },
    async (request) => {
      const name = nameOf(request.params.name, "deployment");
      const { from, to } = request.query;
      const before = deployments.at(name, Number(from));
      const after = to === undefined ? deployments.current(name) : deployments.at(name, Number(to));
      if (before === null) throw unknownDeployment(name, Number(from));
      if (after === null) throw unknownDeployment(name, to === undefined ? null : Number(to));
      return { name, from: before.number, to: after.number, diff: differencesOf(before, after) };
    },
  );
}

const WriteQuery = closedObject({ dryRun: Type.Optional(FlagQuery) });

async function putRoute(app: FastifyInstance, desk: DeploymentDesk): Promise<void> {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    for (const type of ["application/json", "application/yaml"]) {
      scope.addContentTypeParser(type, { parseAs: "string" }, (_request, body, done) => done(null, body));
    }
    scope.put<{ Params: Static<typeof NameParams>; Querystring: Static<typeof WriteQuery> }>(
      "/v1/deployments/:name",
      {
        config: {
          act: "deploy",
          summary: "Write a deployment: whole or not at all; If-Match names the number it builds on",
          consumes: ["application/json", "application/yaml"],
        },
        bodyLimit: DOCUMENT_BODY_BYTES_MAX,
        schema: {
          params: NameParams,
          querystring: WriteQuery,
        },
      },
      async (request, reply) => {
        const name = nameOf(request.params.name, "deployment");
        const expected = expectedNumber(request);
        if (expected === null) {
          throw new SluiceError(
            REGISTRY_ERRORS.ifMatchMissing,
            `the write of ${name} carries no If-Match with a number`,
          );
        }
        const text = typeof request.body === "string" ? request.body : "";
        return answer(reply, desk.put(text, writeOptions(request, name, expected)));
      },
    );
  });
}

const RollbackBody = closedObject({
  slot: NameSchema,
  to: Type.Optional(Type.Integer({ minimum: 1 })),
  why: Type.Optional(Type.String({ maxLength: 1024 })),
});

/** If-Match may be left out here: the change is made on the server's newest document, and a way back must not lose a race. */
function rollbackRoute(app: FastifyInstance, { desk, deployments }: DeploymentServices): void {
  app.post<{
    Params: Static<typeof NameParams>;
    Querystring: Static<typeof WriteQuery>;
    Body: Static<typeof RollbackBody>;
  }>(
    "/v1/deployments/:name/rollback",
    {
      config: { act: "deploy", summary: "Write a new number with a slot's earlier entry" },
      schema: { params: NameParams, querystring: WriteQuery, body: RollbackBody },
    },
    async (request, reply) => {
      const name = nameOf(request.params.name, "deployment");
      const { slot, to = null, why = null } = request.body;
      const expected = expectedNumber(request) ?? deployments.numberOf(name);
      return answer(reply, desk.rollback({ slot, to, why }, writeOptions(request, name, expected)));
    },
  );
}

const ForceBody = closedObject({
  slot: NameSchema,
  revision: Type.String({ maxLength: 80, description: "a revision's digest, or its first digits" }),
  for: Type.Optional(DurationSchema),
});

/** Says yes for what a deployment already allows, so it changes nothing; but whoever may not deploy may not choose either. */
function forceRoute(app: FastifyInstance, { deployments, splitSecret }: DeploymentServices): void {
  app.post<{ Params: Static<typeof NameParams>; Body: Static<typeof ForceBody> }>(
    "/v1/deployments/:name/force",
    {
      config: { act: "deploy", summary: "Sign the header that lets a request choose its revision of a split slot" },
      schema: { params: NameParams, body: ForceBody },
    },
    async (request) => {
      const name = nameOf(request.params.name, "deployment");
      const { slot, revision, for: duration = FORCE_DEFAULT } = request.body;
      const deployment = deployments.current(name);
      if (deployment === null) throw unknownDeployment(name);
      const untilMs = Date.now() + Math.min(durationMs(duration), FORCE_MS_MAX);
      return forceRevision(deployment, { slot, revision, untilMs }, Buffer.from(splitSecret, "hex"));
    },
  );
}

function writeOptions(
  request: FastifyRequest<{ Querystring: Static<typeof WriteQuery> }>,
  name: string,
  expected: number,
): WriteOptions {
  return { name, expected, by: callerOfRequest(request), isDryRun: request.query.dryRun === "1" };
}

function answer(reply: FastifyReply, written: Written): FastifyReply {
  if (!written.dryRun) reply.header("etag", `"${written.number}"`);
  return reply.send(written);
}

/** `"42"`, with or without quotes. `*` says nothing about what was seen, so it counts as missing. */
function expectedNumber(request: FastifyRequest): number | null {
  const match = /^"?(\d{1,15})"?$/.exec(request.headers["if-match"]?.trim() ?? "");
  return match === null ? null : Number(match[1]);
}
