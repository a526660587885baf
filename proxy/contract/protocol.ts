// What proxy and registry say to each other over the watch stream and the status call. Version 1.

import { Type } from "typebox";
import type { Static } from "typebox";
import { DigestSchema, NameSchema } from "./names.ts";
import type { Digest } from "./names.ts";
import type { Deployment } from "./deployment.ts";

export const PROTOCOL_VERSION = 1;

/** The registry sends an event at least this often, so that a dead connection is noticed. */
export const WATCH_HEARTBEAT_MS = 10_000;

/**
 * Events of `GET /v1/watch?node=…&labels=…&protocol=1` (server-sent; `labels` is JSON; a deployment event's id is its
 * number). A heartbeat is an SSE comment or an event `heartbeat` without data.
 */
export type WatchEvent =
  | { readonly type: "deployment"; readonly deployment: Deployment }
  | { readonly type: "prepare"; readonly digest: Digest };

const closed = { additionalProperties: false } as const;
const Count = Type.Number({ minimum: 0 });
const Text = Type.String({ maxLength: 4096 });

/** What one revision did in one slot since the proxy process started. */
export const RevisionCountersSchema = Type.Object(
  {
    slot: NameSchema,
    filter: NameSchema,
    version: DigestSchema,
    revision: DigestSchema,
    /** True while the current snapshot has it. */
    current: Type.Boolean(),
    noOpinion: Count,
    allowed: Count,
    /** By google.rpc code name. */
    denied: Type.Record(Type.String(), Count),
    /** By cause (`notLoaded`, `backend`, `error`, `trap`, `fuel`, `limit`). */
    errors: Type.Record(Type.String(), Count),
    fuel: Count,
    lastError: Type.Union([
      Type.Null(),
      Type.Object({ cause: Text, message: Text, at: Type.Union([Type.Null(), Text]), time: Text }, closed),
    ]),
  },
  closed,
);
export type RevisionCounters = Static<typeof RevisionCountersSchema>;

export const ProxyCountersSchema = Type.Object(
  {
    requests: Count,
    /** By class: `1xx` … `5xx`. */
    responses: Type.Record(Type.String(), Count),
    connections: Count,
    streams: Count,
    revisions: Type.Array(RevisionCountersSchema, { maxItems: 512 }),
  },
  closed,
);
export type ProxyCounters = Static<typeof ProxyCountersSchema>;

/** Body of `POST /v1/proxies/{id}/status`. */
export const ProxyStatusSchema = Type.Object(
  {
    /** Number of the deployment that serves, null while none does. */
    applied: Type.Union([Type.Null(), Type.Integer({ minimum: 0 })]),
    /** The newest deployment, when this proxy could not take it. */
    refused: Type.Union([
      Type.Null(),
      Type.Object(
        { number: Type.Integer({ minimum: 0 }), code: Text, message: Type.String({ maxLength: 65_536 }) },
        closed,
      ),
    ]),
    ready: Type.Boolean(),
    /** Slots of the serving snapshot that do not run, and why. */
    notLoaded: Type.Array(
      Type.Object({ slot: NameSchema, code: Text, message: Type.String({ maxLength: 65_536 }) }, closed),
    ),
    overrides: Type.Array(Type.Unknown()),
    counters: ProxyCountersSchema,
  },
  closed,
);
export type ProxyStatus = Static<typeof ProxyStatusSchema>;

/** Media types of a version's OCI manifest. */
export const MEDIA_TYPE = {
  manifest: "application/vnd.oci.image.manifest.v1+json",
  filter: "application/vnd.sluice.filter.v1+json",
  wasmConfig: "application/vnd.module.wasm.config.v1+json",
  wasmModule: "application/vnd.module.wasm.content.layer.v1+wasm",
} as const;

/** The part of an OCI manifest that a proxy reads. */
export const ManifestSchema = Type.Object({
  schemaVersion: Type.Literal(2),
  config: Type.Object({ mediaType: Type.String(), digest: DigestSchema, size: Type.Integer({ minimum: 0 }) }),
  layers: Type.Array(
    Type.Object({ mediaType: Type.String(), digest: DigestSchema, size: Type.Integer({ minimum: 0 }) }),
    { maxItems: 16 },
  ),
});
export type Manifest = Static<typeof ManifestSchema>;
