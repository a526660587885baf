// sluice.yaml: what belongs to the machine. Types, schema and reading; what a missing field means is filled in here,
// so that everything behind it works on numbers and parsed addresses.

import { SizeSchema, readDocument, sizeBytes } from "@sluice/abi";
import type { Complain } from "@sluice/abi";
import { Type } from "typebox";
import type { Static } from "typebox";
import { AddressSchema } from "./address-schema.ts";
import { isPort, parseAddress } from "./address.ts";
import type { Address } from "./address.ts";
import { ClusterSchema, checkCluster, settleCluster } from "./cluster.ts";
import type { ClusterConfig } from "./cluster.ts";
import { API_VERSION, refuseRepeats } from "./deployment.ts";
import { DrainSchema, settleDrain } from "./drain-section.ts";
import type { DrainConfig } from "./drain-section.ts";
import {
  CLUSTERS_MAX,
  FREE_TEXT_CHARS_MAX,
  LABELS_MAX,
  LISTENERS_MAX,
  ROUTES_MAX,
  SINKS_MAX,
  WORKERS_MAX,
} from "./limits.ts";
import { LimitsSchema, settleLimits } from "./limits-section.ts";
import type { StreamLimitsConfig } from "./limits-section.ts";
import { NAME_DESCRIPTION, NAME_PATTERN, NameSchema } from "./names.ts";
import { RouteSchema, checkRoute, directFile, settleRoute } from "./route.ts";
import type { ReadFile, RouteConfig } from "./route.ts";
import { TrustedProxiesSchema, checkTrustedProxies, settleTrustedProxies } from "./trusted-proxies.ts";
import type { AddressRange } from "./trusted-proxies.ts";

const closed = { additionalProperties: false } as const;
const FreeText = Type.String({ maxLength: FREE_TEXT_CHARS_MAX });
const FilePath = Type.String({ minLength: 1, maxLength: FREE_TEXT_CHARS_MAX });

const SinkSchema = Type.Object(
  {
    name: NameSchema,
    type: Type.Enum(["stdout", "jsonl"]),
    file: Type.Optional(FilePath),
    rotateAt: Type.Optional(SizeSchema),
  },
  closed,
);

export const MachineSchema = Type.Object(
  {
    apiVersion: Type.Literal(API_VERSION),
    kind: Type.Literal("Proxy"),
    node: Type.Object(
      {
        id: Type.String({ pattern: NAME_PATTERN, description: NAME_DESCRIPTION }),
        labels: Type.Optional(Type.Record(Type.String(), FreeText, { maxProperties: LABELS_MAX })),
      },
      closed,
    ),
    stateDir: Type.Optional(FilePath),
    workers: Type.Optional(
      Type.Unsafe<"auto" | number>({
        anyOf: [{ const: "auto" }, { type: "integer", minimum: 1, maximum: WORKERS_MAX }],
        description: `auto or a number from 1 to ${WORKERS_MAX}`,
      }),
    ),
    listeners: Type.Array(Type.Object({ name: NameSchema, address: AddressSchema }, closed), {
      minItems: 1,
      maxItems: LISTENERS_MAX,
    }),
    routes: Type.Array(RouteSchema, { maxItems: ROUTES_MAX }),
    clusters: Type.Array(ClusterSchema, { maxItems: CLUSTERS_MAX }),
    admin: Type.Optional(Type.Object({ address: AddressSchema }, closed)),
    health: Type.Optional(Type.Object({ address: AddressSchema }, closed)),
    drain: Type.Optional(DrainSchema),
    registry: Type.Optional(
      Type.Object(
        {
          address: Type.String({
            pattern: "^https?://[^/?#@]+/?$",
            description: "a URL such as http://127.0.0.1:9902",
          }),
          tokenFile: Type.Optional(FilePath),
        },
        closed,
      ),
    ),
    deployment: Type.Optional(Type.Object({ file: FilePath }, closed)),
    tracing: Type.Optional(
      Type.Object(
        {
          samplePercent: Type.Optional(Type.Number({ minimum: 0, maximum: 100 })),
          otlp: Type.Optional(
            Type.Object(
              {
                url: Type.String({
                  pattern: "^https?://[^/?#@]+/",
                  description: "a URL with its path, such as http://127.0.0.1:4318/v1/traces",
                }),
                headersFile: Type.Optional(FilePath),
              },
              closed,
            ),
          ),
        },
        closed,
      ),
    ),
    trustedProxies: Type.Optional(TrustedProxiesSchema),
    sinks: Type.Optional(Type.Array(SinkSchema, { maxItems: SINKS_MAX })),
    quotaStores: Type.Optional(
      Type.Array(Type.Object({ name: NameSchema, type: Type.Enum(["memory"]) }, closed), { maxItems: 16 }),
    ),
    limits: Type.Optional(LimitsSchema),
  },
  closed,
);

export type MachineDocument = Static<typeof MachineSchema>;

/** sluice.yaml with its defaults filled in. Paths are as written: relative ones start at the document's folder. */
export interface Machine {
  readonly node: { readonly id: string; readonly labels: Readonly<Record<string, string>> };
  readonly stateDir: string;
  readonly workers: "auto" | number;
  readonly listeners: readonly ({ readonly name: string } & Address)[];
  readonly routes: readonly RouteConfig[];
  readonly clusters: readonly ClusterConfig[];
  readonly admin: Address;
  readonly health: Address | null;
  readonly drain: DrainConfig;
  readonly registry: { readonly address: string; readonly tokenFile: string | null } | null;
  readonly deployment: { readonly file: string } | null;
  readonly sinks: readonly SinkConfig[];
  /** null: `traceparent` passes through as it came. */
  readonly tracing: TracingConfig | null;
  readonly limits: StreamLimitsConfig;
  readonly trustedProxies: readonly AddressRange[];
}

export interface TracingConfig {
  /** Of the traces begun here, so many per cent are marked as sampled; a trace begun elsewhere keeps its mark. */
  readonly samplePercent: number;
  /** Where spans of sampled streams are sent; null: nowhere, the trace only passes through. */
  readonly otlp: { readonly url: string; readonly headersFile: string | null } | null;
}

export type SinkConfig =
  | { readonly name: string; readonly type: "stdout" }
  | { readonly name: string; readonly type: "jsonl"; readonly file: string; readonly rotateAtBytes: number | null };

/** Throws `DocumentError`, every problem by line. Without `readFile` what a direct response has from a file is empty. */
export function parseMachine(text: string, file: string, readFile: ReadFile = () => NO_BYTES): Machine {
  const files: (Uint8Array | null)[] = [];
  const document = readDocument(text, {
    file,
    schema: MachineSchema,
    check: (value, complain) => {
      checkMachine(value, complain);
      value.routes.forEach((route, index) => files.push(directFile(route, index, readFile, complain)));
    },
  });
  return settle(document, files);
}

const NO_BYTES = new Uint8Array(0);

function checkMachine(document: MachineDocument, complain: Complain): void {
  refuseRepeats(document.listeners, ["listeners"], complain);
  refuseRepeats(document.routes, ["routes"], complain);
  refuseRepeats(document.clusters, ["clusters"], complain);
  document.clusters.forEach((cluster, index) => checkCluster(cluster, ["clusters", index], complain));
  refuseRepeats(document.sinks ?? [], ["sinks"], complain);
  checkRoutes(document, complain);
  checkSinks(document, complain);
  checkTrustedProxies(document.trustedProxies, complain);
  checkPorts(document, complain);
  if (document.registry !== undefined && document.deployment !== undefined) {
    complain(
      ["deployment"],
      "the chain comes from the registry or from a file",
      "registry or deployment, not both",
      "key",
    );
  }
}

function checkRoutes(document: MachineDocument, complain: Complain): void {
  const clusters = document.clusters.map((cluster) => cluster.name);
  document.routes.forEach((route, index) => checkRoute(route, index, clusters, complain));
}

function checkSinks(document: MachineDocument, complain: Complain): void {
  document.sinks?.forEach((sink, index) => {
    if (sink.type === "jsonl" && sink.file === undefined)
      complain(["sinks", index], `sink ${sink.name} has no file`, "file: records.jsonl");
    if (sink.type !== "stdout") return;
    for (const key of ["file", "rotateAt"] as const) {
      if (sink[key] !== undefined) complain(["sinks", index, key], `a stdout sink has no ${key}`, "type: jsonl", "key");
    }
  });
}

function checkPorts(document: MachineDocument, complain: Complain): void {
  const check = (address: string, ...path: (string | number)[]): void => {
    if (!isPort(parseAddress(address).port)) complain(path, `"${address}" has no valid port`, "0 to 65535");
  };
  document.listeners.forEach((listener, index) => check(listener.address, "listeners", index, "address"));
  if (document.admin !== undefined) check(document.admin.address, "admin", "address");
  if (document.health !== undefined) check(document.health.address, "health", "address");
}

function settle(document: MachineDocument, files: readonly (Uint8Array | null)[]): Machine {
  const { registry } = document;
  return {
    node: { id: document.node.id, labels: document.node.labels ?? {} },
    stateDir: document.stateDir ?? ".sluice",
    workers: document.workers ?? "auto",
    listeners: document.listeners.map(({ name, address }) => ({ name, ...parseAddress(address) })),
    routes: document.routes.map((route, index) => settleRoute(route, files[index]!)),
    clusters: document.clusters.map(settleCluster),
    admin: parseAddress(document.admin?.address ?? "127.0.0.1:9901"),
    health: document.health === undefined ? null : parseAddress(document.health.address),
    drain: settleDrain(document.drain ?? {}),
    registry:
      registry === undefined
        ? null
        : { address: registry.address.replace(/\/$/, ""), tokenFile: registry.tokenFile ?? null },
    deployment: document.deployment ?? null,
    sinks: (document.sinks ?? [{ name: "log", type: "stdout" }]).map(settleSink),
    tracing: document.tracing === undefined ? null : settleTracing(document.tracing),
    limits: settleLimits(document.limits ?? {}),
    trustedProxies: settleTrustedProxies(document.trustedProxies),
  };
}

function settleTracing({ samplePercent = 1, otlp }: NonNullable<MachineDocument["tracing"]>): TracingConfig {
  return { samplePercent, otlp: otlp === undefined ? null : { url: otlp.url, headersFile: otlp.headersFile ?? null } };
}

function settleSink(sink: Static<typeof SinkSchema>): SinkConfig {
  if (sink.type === "stdout") return { name: sink.name, type: "stdout" };
  const rotateAtBytes = sink.rotateAt === undefined ? null : sizeBytes(sink.rotateAt);
  return { name: sink.name, type: "jsonl", file: sink.file!, rotateAtBytes };
}
