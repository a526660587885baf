// The proof of a version: what its inspection and its trial found, kept with it for good and shown wherever it is listed.

import { inspect } from "@sluice/abi";
import type { FilterDocument, Inspection } from "@sluice/abi";
import { REGISTRY_ERRORS } from "../errors.ts";
import type { Upload } from "./upload.ts";

export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

export interface Proof {
  readonly ok: boolean;
  /** Why the version was not taken; null when it was. */
  readonly refusal: Refusal | null;
  /** Null when the module could not be read at all. */
  readonly inspection: Inspection | null;
}

/** Inspects and tries what was pushed. */
export async function proveVersion(upload: Upload, document: FilterDocument): Promise<Proof> {
  const result = inspect(upload.module);
  if (!result.ok) return { ok: false, refusal: result.refusal, inspection: null };
  const refusal = checkRefusal(result.inspection, document);
  return { ok: refusal === null, refusal, inspection: result.inspection };
}

/** A filter trusted to deny must be able to: without the export it would answer "no opinion" for ever. */
function checkRefusal({ callbacks }: Inspection, document: FilterDocument): Refusal | null {
  if (document.requires?.includes("check") !== true || callbacks.includes("policy_on_check")) return null;
  const { code, hint } = REGISTRY_ERRORS.checkMissing;
  return {
    code,
    hint,
    message: `filter.yaml of ${document.name} requires a check, but the module exports no policy_on_check`,
  };
}
