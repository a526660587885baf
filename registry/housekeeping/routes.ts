// HTTP: deleting what nothing needs, and the backup.

import { DurationSchema, durationMs } from "@sluice/proxy/contract";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { Static } from "typebox";
import { DigestParam, FlagQuery, NameParam, TagParam, closedObject, digestOf, nameOf, tagOf } from "../http/answers.ts";
import { callerOfRequest } from "../http/guard.ts";
import { UNNEEDED_AGE_MS } from "../limits.ts";
import type { Store } from "../store/store.ts";
import { backUp } from "./backup.ts";
import type { Housekeeping } from "./housekeeping.ts";

export interface HousekeepingRoutes {
  readonly store: Store;
  readonly stateDir: string;
  readonly housekeeping: Housekeeping;
}

export function housekeepingRoutes(app: FastifyInstance, services: HousekeepingRoutes): void {
  deleteRoutes(app, services.housekeeping);
  collectRoute(app, services.housekeeping);
  backupRoute(app, services);
}

const VersionParams = closedObject({ name: NameParam, digest: DigestParam });
const TagParams = closedObject({ name: NameParam, tag: TagParam });
const DeploymentParams = closedObject({ name: NameParam });

function deleteRoutes(app: FastifyInstance, housekeeping: Housekeeping): void {
  app.delete<{ Params: Static<typeof VersionParams> }>(
    "/v1/filters/:name/versions/:digest",
    {
      config: { act: "delete", summary: "Delete a version that nothing needs, with its tags" },
      schema: { params: VersionParams },
    },
    async ({ params }) => housekeeping.deleteVersion(nameOf(params.name, "filter"), digestOf(params.digest)),
  );
  app.delete<{ Params: Static<typeof TagParams> }>(
    "/v1/filters/:name/tags/:tag",
    { config: { act: "delete", summary: "Delete a tag; its version stays" }, schema: { params: TagParams } },
    async ({ params }) => {
      const [filter, tag] = [nameOf(params.name, "filter"), tagOf(params.tag)];
      await housekeeping.deleteTag(filter, tag);
      return { filter, tag };
    },
  );
  app.delete<{ Params: Static<typeof DeploymentParams> }>(
    "/v1/deployments/:name",
    {
      config: { act: "delete", summary: "Take a deployment out of charge that no known proxy takes" },
      schema: { params: DeploymentParams },
    },
    async (request) => {
      const name = nameOf(request.params.name, "deployment");
      const { number } = housekeeping.deleteDeployment(name, callerOfRequest(request));
      return { name, number };
    },
  );
}

const CollectQuery = closedObject({
  dryRun: Type.Optional(FlagQuery),
  olderThan: Type.Optional(DurationSchema),
});

function collectRoute(app: FastifyInstance, housekeeping: Housekeeping): void {
  app.post<{ Querystring: Static<typeof CollectQuery> }>(
    "/v1/collect",
    {
      config: { act: "delete", summary: "Delete untagged versions that nothing needs and that are old enough" },
      schema: { querystring: CollectQuery },
    },
    async ({ query }) => {
      const ageMs = query.olderThan === undefined ? UNNEEDED_AGE_MS : durationMs(query.olderThan);
      return housekeeping.collect(new Date(Date.now() - ageMs), query.dryRun === "1");
    },
  );
}

function backupRoute(app: FastifyInstance, { store, stateDir }: HousekeepingRoutes): void {
  app.get(
    "/v1/backup",
    {
      config: {
        act: "backUp",
        summary: "Everything as a tar archive, as of one moment; restore with `sluice restore`",
      },
    },
    async (_request, reply) => {
      const name = `sluice-registry-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}.tar`;
      return reply
        .type("application/x-tar")
        .header("content-disposition", `attachment; filename="${name}"`)
        .send(await backUp(store, stateDir));
    },
  );
}
