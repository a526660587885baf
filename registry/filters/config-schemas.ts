// Compiled configuration schemas by content. A push compiles what the next deploy needs, so a deploy does not wait for it.

import { canonicalJson } from "@sluice/abi";
import { sha256 } from "@sluice/proxy/contract";
import { CONFIG_SCHEMAS_CACHED_MAX } from "../limits.ts";
import { ConfigSchema } from "./config-schema.ts";

export class ConfigSchemas {
  readonly #byDigest = new Map<string, ConfigSchema>();

  /** Throws SLUICE-E3046 for a schema that cannot be used. */
  of(config: unknown): ConfigSchema {
    const digest = sha256(canonicalJson(config));
    const known = this.#byDigest.get(digest);
    if (known !== undefined) return known;
    const schema = new ConfigSchema(config);
    const oldest = this.#byDigest.keys().next();
    if (this.#byDigest.size >= CONFIG_SCHEMAS_CACHED_MAX && !oldest.done) this.#byDigest.delete(oldest.value);
    this.#byDigest.set(digest, schema);
    return schema;
  }
}
