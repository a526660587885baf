// Which document a pushed module gets: the one that came with it, else that of the filter's newest version, because a
// `requires` lost by forgetting a file would be a door left open; a filter's very first gets the widest honest one.

import { FilterDocumentSchema, SluiceError, readDocument } from "@sluice/abi";
import type { FilterDocument } from "@sluice/abi";
import type { Digest } from "@sluice/proxy/contract";
import { REGISTRY_ERRORS } from "../errors.ts";
import type { StoredVersion } from "../store/version-table.ts";

export type DocumentFrom = "upload" | "default" | Digest;

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

/** Without the example, which is tried with a schema that stays compiled for the deploys that follow. */
function pushedDocument(filter: string, text: string): FilterDocument {
  const document = readDocument(text, { file: "filter.yaml", schema: FilterDocumentSchema });
  if (document.name === filter) return document;
  throw new SluiceError(
    REGISTRY_ERRORS.documentName,
    `filter.yaml is that of ${JSON.stringify(document.name)}, pushed to ${JSON.stringify(filter)}`,
  );
}
