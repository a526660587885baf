// HTTP: filters, their versions, tags and blobs.

import multipart from "@fastify/multipart";
import { SluiceError } from "@sluice/abi";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { Static } from "typebox";
import { isDigest } from "@sluice/proxy/contract";
import { valueDifferences } from "../deployments/difference.ts";
import { REGISTRY_ERRORS } from "../errors.ts";
import type { EventHub } from "../fleet/event-hub.ts";
import { DigestParam, NameParam, TagParam, closedObject, digestOf, nameOf, tagOf } from "../http/answers.ts";
import { callerOfRequest } from "../http/guard.ts";
import { MODULE_BYTES_MAX, UPLOAD_BYTES_MAX } from "../limits.ts";
import type { Store } from "../store/store.ts";
import type { Room } from "../store/room.ts";
import type { StoredVersion } from "../store/version-table.ts";
import type { Proof } from "./proof.ts";
import type { PushDesk } from "./push.ts";
import { MULTIPART_LIMITS, readUpload } from "./upload.ts";

export interface FilterServices {
  readonly store: Store;
  readonly pushes: PushDesk;
  readonly events: EventHub;
  readonly room: Room;
}

export async function filterRoutes(app: FastifyInstance, services: FilterServices): Promise<void> {
  await pushRoute(app, services);
  listRoutes(app, services.store);
  diffRoute(app, services.store);
  tagRoute(app, services);
  blobRoute(app, services.store);
}

const FilterParams = closedObject({ name: NameParam });
const PushQuery = closedObject({ tag: Type.Optional(TagParam) });

/** Apart from the others, because only here a body may be a module or a form. */
async function pushRoute(app: FastifyInstance, { pushes, room }: FilterServices): Promise<void> {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addHook("onRequest", async (_request, reply) => {
      if (!pushes.enter()) throw new SluiceError(REGISTRY_ERRORS.busy, "too many pushes are under way");
      // However it ends: answered, refused, or left by the client in the middle of its body.
      reply.raw.once("close", () => pushes.leave());
      await room.refuseWhenFull();
    });
    await scope.register(multipart, { limits: MULTIPART_LIMITS });
    scope.addContentTypeParser(
      "application/wasm",
      { parseAs: "buffer", bodyLimit: MODULE_BYTES_MAX },
      (_request, body, done) => done(null, body),
    );
    scope.put<{ Params: Static<typeof FilterParams>; Querystring: Static<typeof PushQuery> }>(
      "/v1/filters/:name/versions",
      {
        config: {
          act: "push",
          summary:
            "Push a version: a module alone (application/wasm) or a form with module, filter, sourceMap, requests",
          consumes: ["application/wasm", "multipart/form-data"],
        },
        bodyLimit: UPLOAD_BYTES_MAX,
        schema: {
          params: FilterParams,
          querystring: PushQuery,
        },
      },
      async (request, reply) => {
        const push = {
          filter: nameOf(request.params.name, "filter"),
          tag: request.query.tag === undefined ? null : tagOf(request.query.tag),
          by: callerOfRequest(request),
        };
        const { isNew, ...pushed } = await pushes.push(push, await readUpload(request));
        return reply.code(isNew ? 201 : 200).send(pushed);
      },
    );
  });
}

function listRoutes(app: FastifyInstance, { versions }: Store): void {
  app.get(
    "/v1/filters",
    { config: { act: "read", summary: "All filters with their newest version and tags" } },
    async () => ({
      filters: versions.filters(),
    }),
  );
  app.get<{ Params: Static<typeof FilterParams> }>(
    "/v1/filters/:name/versions",
    {
      config: { act: "read", summary: "A filter's versions, newest first, with their proofs" },
      schema: { params: FilterParams },
    },
    async (request) => {
      const filter = nameOf(request.params.name, "filter");
      const found = versions.list(filter);
      if (found.length === 0) throw new SluiceError(REGISTRY_ERRORS.filterUnknown, `there is no filter ${filter}`);
      return { versions: found.map(versionView) };
    },
  );
}

const DiffQuery = closedObject({
  from: Type.String({ description: "a tag or a digest" }),
  to: Type.String({ description: "a tag or a digest" }),
});

function diffRoute(app: FastifyInstance, { versions }: Store): void {
  app.get<{ Params: Static<typeof FilterParams>; Querystring: Static<typeof DiffQuery> }>(
    "/v1/filters/:name/diff",
    {
      config: { act: "read", summary: "What changes from one version to another: document, imports, exports, size" },
      schema: { params: FilterParams, querystring: DiffQuery },
    },
    async (request) => {
      const filter = nameOf(request.params.name, "filter");
      const [from, to] = [
        versionOf(versions, filter, request.query.from),
        versionOf(versions, filter, request.query.to),
      ];
      const diff = valueDifferences(comparableVersion(from), comparableVersion(to));
      return { filter, from: from.digest, to: to.digest, diff };
    },
  );
}

function versionOf(versions: Store["versions"], filter: string, reference: string): StoredVersion {
  const found = isDigest(reference) ? versions.find(filter, reference) : versions.findByTag(filter, tagOf(reference));
  if (found === null) throw new SluiceError(REGISTRY_ERRORS.versionUnknown, `${filter} has no version ${reference}`);
  return found;
}

/** What tells two versions apart; lists without an order of their own become maps, so that one more is one difference. */
function comparableVersion({ moduleDigest, size, document, proof }: StoredVersion): unknown {
  const { inspection, fuelMax } = proof as Proof;
  return {
    document,
    module: {
      digest: moduleDigest,
      size,
      abi: inspection?.abi,
      callbacks: present(inspection?.callbacks ?? []),
      imports: present((inspection?.imports ?? []).map(({ module, name }) => `${module}.${name}`)),
    },
    proof: { fuelMax },
  };
}

function present(names: readonly string[]): ReadonlyMap<string, boolean> {
  return new Map(names.map((name) => [name, true]));
}

const TagParams = closedObject({ name: NameParam, tag: TagParam });
const TagBody = closedObject({ version: DigestParam });

function tagRoute(app: FastifyInstance, { store, events }: FilterServices): void {
  app.put<{ Params: Static<typeof TagParams>; Body: Static<typeof TagBody> }>(
    "/v1/filters/:name/tags/:tag",
    { config: { act: "tag", summary: "Let a tag name a version" }, schema: { params: TagParams, body: TagBody } },
    async (request) => {
      const filter = nameOf(request.params.name, "filter");
      const tag = tagOf(request.params.tag);
      const digest = digestOf(request.body.version);
      const version = store.versions.find(filter, digest);
      if (version === null) {
        throw new SluiceError(REGISTRY_ERRORS.versionUnknown, `${filter} has no version ${digest}`);
      }
      const by = { pushedAt: new Date().toISOString(), pushedBy: callerOfRequest(request).name };
      store.versions.moveTag(filter, tag, digest, by);
      await store.renewIndex();
      events.send({
        event: "version",
        data: { filter, version: digest, moduleDigest: version.moduleDigest, tag, ...by },
      });
      return { filter, tag, version: digest };
    },
  );
}

const BlobParams = closedObject({ digest: DigestParam });

function blobRoute(app: FastifyInstance, { versions, blobs }: Store): void {
  app.get<{ Params: Static<typeof BlobParams> }>(
    "/v1/blobs/:digest",
    {
      config: { act: "readBlob", summary: "A manifest, module or document by digest" },
      schema: { params: BlobParams },
    },
    async (request, reply) => {
      const digest = digestOf(request.params.digest);
      const descriptor = versions.blob(digest);
      if (descriptor === null) throw new SluiceError(REGISTRY_ERRORS.blobUnknown, `no version holds ${digest}`);
      return reply
        .type(descriptor.mediaType)
        .header("content-length", descriptor.size)
        .header("cache-control", "private, max-age=31536000, immutable")
        .header("etag", `"${digest}"`)
        .send(blobs.read(digest));
    },
  );
}

/** A version as lists show it. */
function versionView({ document, ...version }: StoredVersion): Record<string, unknown> {
  return { ...version, filter: document };
}
