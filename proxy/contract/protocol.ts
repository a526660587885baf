// What proxy and registry say to each other over the watch stream and the status call. Version 1.

import { Type } from "typebox";
import type { Static } from "typebox";
import { DigestSchema, NameSchema } from "./names.ts";
import type { Digest } from "./names.ts";
import type { Deployment } from "./deployment.ts";
import { OverrideEventsSchema, OverridesSchema } from "./override.ts";

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
/** What to do about a refusal; absent from a proxy of an older version. */
const Hint = Type.Optional(Text);
const Percentiles = { p50: Count, p90: Count, p99: Count };

/** What one revision did in one slot since the proxy process started. */
export const RevisionCountersSchema = Type.Object(
  {
    slot: NameSchema,
    filter: NameSchema,
    version: DigestSchema,
    revision: DigestSchema,
    /** True while the current snapshot has it. */
    current: Type.Boolean(),
    /** Its share of the slot's streams in the current snapshot, in percent; null when the snapshot has it not. */
    weight: Type.Union([Type.Null(), Count]),
    noOpinion: Count,
    allowed: Count,
    /** By google.rpc code name. */
    denied: Type.Record(Type.String(), Count),
    /** By cause (`notLoaded`, `backend`, `error`, `trap`, `fuel`, `limit`). */
    errors: Type.Record(Type.String(), Count),
    fuel: Count,
    /** Read from a histogram of powers of two: each is the upper end of its bucket, 0 while nothing was counted. */
    fuelPerStream: Type.Object(Percentiles, closed),
    /** Wall time of all callbacks of a stream; one stream in 64 is timed. */
    timeUs: Type.Object({ count: Count, ...Percentiles }, closed),
    /** Live now, over all workers and draining snapshots, and the bytes of their memories. */
    instances: Count,
    memoryBytes: Count,
    lastError: Type.Union([
      Type.Null(),
      Type.Object({ cause: Text, message: Text, at: Type.Union([Type.Null(), Text]), time: Text }, closed),
    ]),
  },
  closed,
);
export type RevisionCounters = Static<typeof RevisionCountersSchema>;

/** What became of the copies that filters had made for one cluster (`policy_mirror`). */
export const MirrorCountersSchema = Type.Object(
  {
    cluster: Type.String({ maxLength: 256 }),
    /** Copies begun. Each ends as one of the next three. */
    sent: Count,
    answered: Count,
    /** The mirror could not be reached, broke off, said what is not HTTP, or took too long. */
    failed: Count,
    /** Given up on our side: the mirror took its bytes too slowly, or the primary's request broke off. */
    cut: Count,
    /** Copies never begun, by cause. */
    dropped: Type.Record(Type.String(), Count),
  },
  closed,
);
export type MirrorCounters = Static<typeof MirrorCountersSchema>;

export const ProxyCountersSchema = Type.Object(
  {
    requests: Count,
    /** By class: `1xx` … `5xx`. */
    responses: Type.Record(Type.String(), Count),
    connections: Count,
    streams: Count,
    revisions: Type.Array(RevisionCountersSchema, { maxItems: 512 }),
    /** By slot whose split has a key: streams without one, which got the first revision. */
    keyless: Type.Record(Type.String(), Count),
    mirrors: Type.Array(MirrorCountersSchema, { maxItems: 256 }),
    /** Of the table of quotas, by the name of the count. */
    quotas: Type.Record(Type.String(), Count),
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
        {
          number: Type.Integer({ minimum: 0 }),
          code: Text,
          message: Type.String({ maxLength: 65_536 }),
          hint: Hint,
        },
        closed,
      ),
    ]),
    ready: Type.Boolean(),
    /** Slots of the serving snapshot that do not run, and why. */
    notLoaded: Type.Array(
      Type.Object({ slot: NameSchema, code: Text, message: Type.String({ maxLength: 65_536 }), hint: Hint }, closed),
    ),
    overrides: OverridesSchema,
    /** What happened to overrides since the registry last took a status; it keeps them in the history. */
    overrideEvents: OverrideEventsSchema,
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
