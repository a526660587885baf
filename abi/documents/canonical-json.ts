// The one byte form of a JSON value (RFC 8785): what digests are taken of and what a guest reads as its configuration.

import canonicalize from "canonicalize";

/** RFC 8785 JSON of a document's value. Members that are undefined are left out. */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError("only a value that JSON can carry has a canonical form");
  return text;
}
