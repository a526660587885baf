// filter.yaml: what an author says of a filter. It travels with the module; registry, loader and author's tools read it
// through here, so that a document one of them takes is a document all of them take.

import { Type } from "typebox";
import type { Static } from "typebox";
import { readDocument } from "../documents/index.ts";
import type { Complain } from "../documents/index.ts";
import { CAPABILITY_FAMILIES } from "../spec/row.ts";
import { ConfigSchema } from "./config-schema.ts";
import { FREE_TEXT_CHARS_MAX, REQUEST_PATTERNS_MAX } from "./limits.ts";

/** With its type said, Ajv finds repeated words by a map; else it compares each with each, which is hours for 1 MiB. */
const word = { type: "string" } as const;

/** `filter.yaml`. */
export const FilterDocumentSchema = Type.Object(
  {
    apiVersion: Type.Literal("sluice/v1"),
    kind: Type.Literal("Filter"),
    name: Type.String({
      pattern: "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",
      description: "a name of small letters, digits and inner hyphens, at most 63 characters",
    }),
    description: Type.Optional(Type.String({ maxLength: FREE_TEXT_CHARS_MAX })),
    /** Of a new slot; a slot that exists keeps its own. */
    phase: Type.Optional(Type.Enum(["AUTHN", "AUTHZ", "QUOTA", "OTHER"])),
    /** A version that lacks one of these is refused. */
    requires: Type.Optional(Type.Array(Type.Enum(["check"], word), { uniqueItems: true })),
    /** Absent: every exported body callback is called. */
    body: Type.Optional(Type.Enum(["none", "observe", "buffer"])),
    /** Asked for beyond the default. */
    capabilities: Type.Optional(Type.Array(Type.Enum([...CAPABILITY_FAMILIES], word), { uniqueItems: true })),
    runtime: Type.Optional(Type.Enum(["minimal", "incremental", "stub"])),
    /** JSON Schema of the configuration; absent: any configuration. */
    config: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    exampleConfig: Type.Optional(Type.Unknown()),
    /** Patterns of request files, relative to the document. */
    requests: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: FREE_TEXT_CHARS_MAX }), { maxItems: REQUEST_PATTERNS_MAX }),
    ),
  },
  { additionalProperties: false },
);

/** `filter.yaml`, read and checked. */
export type FilterDocument = Static<typeof FilterDocumentSchema>;

/** Reads filter.yaml. Throws `DocumentError` (SLUICE-E1001); an example that does not fit the schema is one. */
export function parseFilterDocument(text: string, file = "filter.yaml"): FilterDocument {
  return readDocument(text, { file, schema: FilterDocumentSchema, check: checkExample });
}

function checkExample({ config, exampleConfig }: FilterDocument, complain: Complain): void {
  if (config === undefined) return;
  try {
    const schema = new ConfigSchema(config);
    const problem = exampleConfig === undefined ? null : schema.problemOf(exampleConfig);
    if (problem !== null) complain(["exampleConfig"], `does not fit config: ${problem}`);
  } catch (cause) {
    complain(["config"], `is no schema that can be used: ${(cause as Error).message}`);
  }
}
