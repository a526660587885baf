// What makes two revisions the same: the version, and everything that configures it, as written.

import { createHash } from "node:crypto";
import { canonicalJson } from "@sluice/abi";
import type { Revision } from "./deployment.ts";
import type { Digest } from "./names.ts";

/**
 * The sha256 of the RFC 8785 JSON of `{version, pluginConfig, environment, capabilities, limits}`. A field that was not written is
 * not in it, and defaults are not filled in: a changed default is not a changed revision.
 */
export function revisionDigest(
  revision: Pick<Revision, "version" | "pluginConfig" | "environment" | "capabilities" | "limits">,
): Digest {
  const { version, pluginConfig, environment, capabilities, limits } = revision;
  return sha256(canonicalJson({ version, pluginConfig, environment, capabilities, limits }));
}

export function sha256(bytes: string | Uint8Array): Digest {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
