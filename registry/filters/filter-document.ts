// Which document a pushed module gets: the one that came with it, else that of the filter's newest version, because a
// `requires` lost by forgetting a file would be a door left open; a filter's very first gets the widest honest one.

import { SluiceError, readDocument } from "@sluice/abi";
import type { Digest } from "@sluice/proxy/contract";
import { Type } from "typebox";
import type { Static } from "typebox";
import { REGISTRY_ERRORS } from "../errors.ts";
import type { StoredVersion } from "../store/version-table.ts";

export type DocumentFrom = "upload" | "default" | Digest;

export const FilterDocumentSchema = Type.Object(
  {
    apiVersion: Type.Literal("sluice/v1"),
    kind: Type.Literal("Filter"),
    name: Type.String(),
    description: Type.Optional(Type.String()),
    phase: Type.Enum(["AUTHN", "AUTHZ", "QUOTA", "OTHER"]),
    requires: Type.Optional(Type.Array(Type.Enum(["check"]))),
    body: Type.Optional(Type.Enum(["none", "observe", "buffer"])),
    capabilities: Type.Optional(Type.Array(Type.String())),
    runtime: Type.Optional(Type.String()),
    config: Type.Optional(Type.Unknown()),
    exampleConfig: Type.Optional(Type.Unknown()),
    requests: Type.Optional(Type.Array(Type.String())),
  },
  { additionalProperties: false },
);
export type FilterDocument = Static<typeof FilterDocumentSchema>;

/** `text` is the pushed filter.yaml. Throws SLUICE-E1001 or E3044. */
export function findDocument(
  filter: string,
  text: string | null,
  newest: StoredVersion | null,
): { readonly document: FilterDocument; readonly from: DocumentFrom } {
  if (text !== null) return { document: pushedDocument(filter, text), from: "upload" };
  if (newest !== null) return { document: newest.document, from: newest.digest };
  return { document: { apiVersion: "sluice/v1", kind: "Filter", name: filter, phase: "OTHER" }, from: "default" };
}

function pushedDocument(filter: string, text: string): FilterDocument {
  const document = readDocument(text, { file: "filter.yaml", schema: FilterDocumentSchema });
  if (document.name === filter) return document;
  throw new SluiceError(
    REGISTRY_ERRORS.documentName,
    `filter.yaml is that of ${JSON.stringify(document.name)}, pushed to ${JSON.stringify(filter)}`,
  );
}
