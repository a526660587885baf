// Shapes that many routes share, as schemas: parameters, queries, the failure body.

import { DIGEST_PATTERN, NAME_DESCRIPTION, NAME_PATTERN, TAG_DESCRIPTION, TAG_PATTERN } from "@sluice/proxy/contract";
import { SluiceError } from "@sluice/abi";
import { isDigest, isName, isTag } from "@sluice/proxy/contract";
import type { Digest } from "@sluice/proxy/contract";
import { Type } from "typebox";
import type { TSchema } from "typebox";
import { REGISTRY_ERRORS } from "../errors.ts";

/** Described for people and OpenAPI; the checks below refuse with a code of their own. */
export const NameParam = Type.String({ description: `${NAME_DESCRIPTION} (${NAME_PATTERN})` });
export const TagParam = Type.String({ description: `${TAG_DESCRIPTION} (${TAG_PATTERN})` });
export const DigestParam = Type.String({ description: `a digest (${DIGEST_PATTERN})` });
export const NumberQuery = Type.String({ pattern: "^[0-9]{1,15}$", description: "a whole number" });
export const FlagQuery = Type.Enum(["0", "1"], { description: "1 for yes" });

export const FailureSchema = Type.Object({
  code: Type.String(),
  message: Type.String(),
  hint: Type.String(),
});

/** A closed object: an unknown query parameter or key is a mistake worth telling. */
export function closedObject<T extends Record<string, TSchema>>(properties: T): ReturnType<typeof Type.Object<T>> {
  return Type.Object(properties, { additionalProperties: false });
}

export function nameOf(text: string, what: string): string {
  if (isName(text)) return text;
  throw new SluiceError(REGISTRY_ERRORS.nameInvalid, `${JSON.stringify(text.slice(0, 100))} is no name of a ${what}`);
}

export function tagOf(text: string): string {
  if (isTag(text)) return text;
  throw new SluiceError(REGISTRY_ERRORS.tagInvalid, `${JSON.stringify(text.slice(0, 200))} is no tag`);
}

export function digestOf(text: string): Digest {
  if (isDigest(text)) return text;
  throw new SluiceError(REGISTRY_ERRORS.requestInvalid, `${JSON.stringify(text.slice(0, 100))} is no digest`);
}
