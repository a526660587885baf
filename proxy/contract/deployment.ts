// deployment.yaml: the chain as an operator writes it, the registry stores it and a proxy gets it. Types, schema,
// reading, order of slots. What a missing field means is in settled-slot.ts.

import { EnvironmentSchema, QuotasSchema, SizeSchema, checkQuotas, readDocument, sizeBytes } from "@sluice/abi";
import type { Complain } from "@sluice/abi";
import { CAPABILITY_FAMILIES } from "@sluice/abi/spec";
import { Type } from "typebox";
import type { Static } from "typebox";
import {
  DEPLOYMENT_SLOTS_MAX,
  FILTER_FUEL_MAX,
  FILTER_MEMORY_BYTES_MAX,
  FREE_TEXT_CHARS_MAX,
  DEPLOYMENT_REVISIONS_MAX,
  LABELS_MAX,
  PER_ROUTE_MAX,
  SLOT_REVISIONS_MAX,
} from "./limits.ts";
import { DigestSchema, NameSchema, TagSchema } from "./names.ts";

export const API_VERSION = "sluice/v1";

/** In the order in which slots are asked. */
export const PHASES = ["AUTHN", "AUTHZ", "QUOTA", "OTHER"] as const;
export type Phase = (typeof PHASES)[number];

/** Why a slot could give no answer; words of `failOpenOn` and of a record's `error.cause`. */
export const FAILURE_CAUSES = ["notLoaded", "backend", "error", "trap", "fuel", "limit"] as const;
export type FailureCause = (typeof FAILURE_CAUSES)[number];

/** With its type said, Ajv finds repeated words by a map; else it compares each with each, which is hours for 1 MiB. */
const word = { type: "string" } as const;
const closed = { additionalProperties: false } as const;
const FreeText = Type.String({ maxLength: FREE_TEXT_CHARS_MAX });
const Labels = Type.Record(Type.String(), FreeText, { maxProperties: LABELS_MAX });

export const RevisionSchema = Type.Object(
  {
    filter: NameSchema,
    version: Type.Optional(DigestSchema),
    /** Without a registry: the module's file and its filter document, relative to the deployment's folder. */
    module: Type.Optional(Type.String({ minLength: 1 })),
    document: Type.Optional(Type.String({ minLength: 1 })),
    tag: Type.Optional(TagSchema),
    weight: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 })),
    pluginConfig: Type.Optional(Type.Unknown()),
    /** What the module reads as environment variables, through WASI. */
    environment: Type.Optional(EnvironmentSchema),
    capabilities: Type.Optional(Type.Array(Type.Enum([...CAPABILITY_FAMILIES], word), { uniqueItems: true })),
    limits: Type.Optional(
      Type.Object(
        {
          memory: Type.Optional(SizeSchema),
          fuel: Type.Optional(Type.Integer({ minimum: 1, maximum: FILTER_FUEL_MAX })),
        },
        closed,
      ),
    ),
  },
  closed,
);

export const SlotSchema = Type.Object(
  {
    name: NameSchema,
    phase: Type.Enum([...PHASES]),
    match: Type.Optional(Type.Object({ routes: Type.Array(Type.String({ minLength: 1 }), { minItems: 1 }) }, closed)),
    failStrategy: Type.Optional(Type.Enum(["FAIL_CLOSE", "FAIL_OPEN"])),
    failOpenOn: Type.Optional(Type.Array(Type.Enum([...FAILURE_CAUSES], word), { uniqueItems: true })),
    isolation: Type.Optional(Type.Enum(["stream", "shared"])),
    dryRun: Type.Optional(Type.Boolean()),
    tickOn: Type.Optional(Type.Enum(["each", "one"])),
    vmId: Type.Optional(NameSchema),
    bodyWhilePaused: Type.Optional(Type.Boolean()),
    checkCache: Type.Optional(
      Type.Object({ enabled: Type.Optional(Type.Boolean()), imageMax: Type.Optional(SizeSchema) }, closed),
    ),
    onRevoke: Type.Optional(Type.Enum(["reset", "finish"])),
    split: Type.Optional(
      Type.Object(
        {
          by: Type.String({
            pattern: "^((header|cookie|attribute):.{1,128}|source)$",
            description: "header:NAME, cookie:NAME, attribute:NAME or source",
          }),
          salt: Type.Optional(FreeText),
          /** Signed requests may choose their revision themselves (`sluice force`). */
          force: Type.Optional(Type.Boolean()),
        },
        closed,
      ),
    ),
    /** What is otherwise on some of the slot's routes. */
    perRoute: Type.Optional(
      Type.Array(
        Type.Object(
          {
            routes: Type.Array(Type.String({ minLength: 1 }), { minItems: 1 }),
            disabled: Type.Optional(Type.Literal(true)),
            pluginConfig: Type.Optional(Type.Unknown()),
          },
          closed,
        ),
        { minItems: 1, maxItems: PER_ROUTE_MAX },
      ),
    ),
    revisions: Type.Array(RevisionSchema, { minItems: 1, maxItems: SLOT_REVISIONS_MAX }),
  },
  closed,
);

export const DeploymentSchema = Type.Object(
  {
    apiVersion: Type.Literal(API_VERSION),
    kind: Type.Literal("Deployment"),
    name: NameSchema,
    number: Type.Optional(Type.Integer({ minimum: 0 })),
    targets: Type.Optional(Type.Object({ matchLabels: Type.Optional(Labels) }, closed)),
    quotas: Type.Optional(QuotasSchema),
    slots: Type.Array(SlotSchema, { maxItems: DEPLOYMENT_SLOTS_MAX }),
    who: Type.Optional(FreeText),
    when: Type.Optional(FreeText),
    why: Type.Optional(FreeText),
  },
  closed,
);

export type Deployment = Static<typeof DeploymentSchema>;
export type Slot = Static<typeof SlotSchema>;
export type Revision = Static<typeof RevisionSchema>;

export interface DeploymentReading {
  /** `json` for API bodies and delivered documents; default `yaml`. */
  readonly syntax?: "yaml" | "json";
  /** Where modules are named: by digest (registry, the default) or by file too (a proxy without a registry). */
  readonly modules?: "digests" | "files";
}

/** A deployment with its slots sorted by phase, then as written. Throws `DocumentError`, every problem by line. */
export function parseDeployment(text: string, file: string, reading: DeploymentReading = {}): Deployment {
  const { syntax = "yaml", modules = "digests" } = reading;
  const deployment = readDocument(text, {
    file,
    syntax,
    schema: DeploymentSchema,
    check: (value, complain) => checkDeployment(value, modules, complain),
  });
  return { ...deployment, slots: sortedSlots(deployment.slots) };
}

/** AUTHN, AUTHZ, QUOTA, OTHER; within a phase as written. */
export function sortedSlots(slots: readonly Slot[]): Slot[] {
  return slots.toSorted((a, b) => PHASES.indexOf(a.phase) - PHASES.indexOf(b.phase));
}

/** True when the deployment is meant for a proxy with these labels. */
export function isTarget(deployment: Deployment, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(deployment.targets?.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
}

/** Operators' attention, not a refusal: an authentication or authorization slot that may let requests through. */
export function deploymentWarnings(deployment: Deployment): string[] {
  return deployment.slots
    .filter((slot) => slot.failStrategy === "FAIL_OPEN" && (slot.phase === "AUTHN" || slot.phase === "AUTHZ"))
    .map((slot) => `slot ${slot.name} (${slot.phase}) is FAIL_OPEN: requests pass unchecked when its filter fails`);
}

function checkDeployment(deployment: Deployment, modules: "digests" | "files", complain: Complain): void {
  refuseRepeats(deployment.slots, ["slots"], complain);
  refuseRepeats(deployment.quotas ?? [], ["quotas"], complain);
  checkQuotas(deployment.quotas ?? [], ["quotas"], complain);
  deployment.slots.forEach((slot, index) => checkSlot(slot, index, modules, complain));
  checkPlaces(deployment.slots, complain);
}

/** A configuration of its own for some routes takes a place of its own in the chain, with each of the slot's revisions. */
function checkPlaces(slots: readonly Slot[], complain: Complain): void {
  const placesOf = ({ perRoute = [] }: Slot): number => 1 + perRoute.filter(hasOwnConfig).length;
  const places = slots.reduce((sum, slot) => sum + placesOf(slot), 0);
  const revisions = slots.reduce((sum, slot) => sum + placesOf(slot) * slot.revisions.length, 0);
  if (places > DEPLOYMENT_SLOTS_MAX)
    complain(
      ["slots"],
      `slots and the configurations of their own that routes have make ${places} places in the chain`,
      `at most ${DEPLOYMENT_SLOTS_MAX}`,
    );
  if (revisions > DEPLOYMENT_REVISIONS_MAX)
    complain(["slots"], `the slots have ${revisions} revisions`, `at most ${DEPLOYMENT_REVISIONS_MAX}`);
}

type RouteEntry = NonNullable<Slot["perRoute"]>[number];

/** The entry gives its routes another configuration; else it leaves them out. */
export function hasOwnConfig(entry: RouteEntry): boolean {
  return entry.pluginConfig !== undefined;
}

function checkSlot(slot: Slot, index: number, modules: "digests" | "files", complain: Complain): void {
  const at = ["slots", index] as const;
  if (slot.failOpenOn !== undefined && slot.failStrategy !== "FAIL_OPEN") {
    complain([...at, "failOpenOn"], "failOpenOn has no meaning without failStrategy: FAIL_OPEN", undefined, "key");
  }
  checkSplit(slot, at, complain);
  checkPerRoute(slot, at, complain);
  slot.revisions.forEach((revision, place) => checkRevision(revision, [...at, "revisions", place], modules, complain));
}

function checkSplit(slot: Slot, at: readonly (string | number)[], complain: Complain): void {
  const { revisions, split } = slot;
  if (revisions.length === 1) {
    const weight = revisions[0]!.weight ?? 100;
    if (weight !== 100) complain([...at, "revisions", 0, "weight"], `the only revision has weight ${weight}`, "100");
    return;
  }
  if (split === undefined)
    complain(
      [...at, "revisions"],
      `slot ${slot.name} has ${revisions.length} revisions and no split`,
      "split: { by: … }",
    );
  const sum = revisions.reduce((total, revision) => total + (revision.weight ?? 0), 0);
  if (sum !== 100) complain([...at, "revisions"], `the weights of slot ${slot.name} sum to ${sum}`, "100");
}

function checkPerRoute(
  { name, match, perRoute = [] }: Slot,
  at: readonly (string | number)[],
  complain: Complain,
): void {
  const passed = new Set(match?.routes ?? ["*"]);
  const seen = new Set<string>();
  perRoute.forEach((entry, index) => {
    const where = [...at, "perRoute", index];
    if (hasOwnConfig(entry) === (entry.disabled === true))
      complain(
        where,
        "the entry says neither or both of disabled and pluginConfig",
        "disabled: true or pluginConfig: …",
      );
    for (const route of entry.routes) {
      if (route === "*") complain([...where, "routes"], "perRoute is for single routes", "names of routes");
      else if (!passed.has("*") && !passed.has(route))
        complain([...where, "routes"], `slot ${name} does not match route "${route}" in the first place`);
      if (seen.has(route)) complain([...where, "routes"], `route "${route}" has two entries in perRoute`);
      seen.add(route);
    }
  });
}

function checkRevision(
  revision: Revision,
  at: readonly (string | number)[],
  modules: "digests" | "files",
  complain: Complain,
): void {
  if (modules === "digests") {
    if (revision.version === undefined)
      complain(at, `revision of ${revision.filter} has no version`, "version: sha256:…");
    for (const key of ["module", "document"] as const) {
      if (revision[key] !== undefined)
        complain(
          [...at, key],
          `"${key}" names a file, which only a proxy without a registry reads`,
          "version: sha256:…",
          "key",
        );
    }
  } else if ((revision.version === undefined) === (revision.module === undefined)) {
    complain(at, `revision of ${revision.filter} must name its module once`, "module: FILE.wasm or version: sha256:…");
  }
  const memory = revision.limits?.memory;
  if (memory !== undefined && sizeBytes(memory) > FILTER_MEMORY_BYTES_MAX) {
    complain([...at, "limits", "memory"], `memory is ${memory}`, `at most ${FILTER_MEMORY_BYTES_MAX / 1024 ** 2}MiB`);
  }
}

/** Names within one list are used once. */
export function refuseRepeats(
  named: readonly { readonly name: string }[],
  at: readonly (string | number)[],
  complain: Complain,
): void {
  const seen = new Set<string>();
  named.forEach(({ name }, index) => {
    if (seen.has(name)) complain([...at, index, "name"], `the name "${name}" is used twice`);
    seen.add(name);
  });
}
