// The names, tags and digests of every document, as TypeBox schemas and as predicates.

import { Type } from "typebox";

/** `sha256:` and 64 hex digits: names a blob, a version (its OCI manifest) or a revision. */
export type Digest = `sha256:${string}`;

export const NAME_PATTERN = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$";
export const TAG_PATTERN = "^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$";
export const DIGEST_PATTERN = "^sha256:[0-9a-f]{64}$";

export const NAME_DESCRIPTION = "a name of small letters, digits and inner hyphens, at most 63 characters";
export const TAG_DESCRIPTION = "a tag of letters, digits and . _ - (not first), at most 128 characters";
export const DIGEST_DESCRIPTION = "a digest: sha256: and 64 hex digits";

export const NameSchema = Type.String({ pattern: NAME_PATTERN, description: NAME_DESCRIPTION });
export const TagSchema = Type.String({ pattern: TAG_PATTERN, description: TAG_DESCRIPTION });
export const DigestSchema = Type.Unsafe<Digest>({
  type: "string",
  pattern: DIGEST_PATTERN,
  description: DIGEST_DESCRIPTION,
});

const name = new RegExp(NAME_PATTERN);
const tag = new RegExp(TAG_PATTERN);
const digest = new RegExp(DIGEST_PATTERN);

export function isName(text: string): boolean {
  return name.test(text);
}

export function isTag(text: string): boolean {
  return tag.test(text);
}

export function isDigest(text: string): text is Digest {
  return digest.test(text);
}
