// What makes two revisions the same: the version, and everything that configures it, as written.

import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import type { Revision } from "./deployment.ts";
import type { Digest } from "./names.ts";

/**
 * The sha256 of the RFC 8785 JSON of `{version, pluginConfig, capabilities, limits}`. A field that was not written is
 * not in it, and defaults are not filled in: a changed default is not a changed revision.
 */
export function revisionDigest(
  revision: Pick<Revision, "version" | "pluginConfig" | "capabilities" | "limits">,
): Digest {
  const { version, pluginConfig, capabilities, limits } = revision;
  return sha256(canonicalJson({ version, pluginConfig, capabilities, limits }));
}

/** What a guest reads as its plugin configuration: JSON as RFC 8785 writes it, a string as it is, none as no bytes. */
export function pluginConfigBytes(pluginConfig: unknown): Uint8Array<ArrayBuffer> {
  if (pluginConfig === undefined || pluginConfig === null) return new Uint8Array(0);
  return new TextEncoder().encode(typeof pluginConfig === "string" ? pluginConfig : canonicalJson(pluginConfig));
}

/** RFC 8785 JSON of a document's value. Members that are undefined are left out. */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError("only a value that JSON can carry has a canonical form");
  return text;
}

export function sha256(bytes: string | Uint8Array): Digest {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
