// Compiled configuration schemas by content. A push compiles what the next deploy needs, so a deploy does not wait for it.

import { ConfigSchema, SluiceError } from "@sluice/abi";
import { canonicalJson } from "@sluice/abi";
import { sha256 } from "@sluice/proxy/contract";
import { REGISTRY_ERRORS } from "../errors.ts";
import { CONFIG_SCHEMAS_CACHED_MAX } from "../limits.ts";

export class ConfigSchemas {
  readonly #byDigest = new Map<string, ConfigSchema>();

  /** Throws SLUICE-E3046 for a schema that cannot be used. */
  of(config: unknown): ConfigSchema {
    const digest = sha256(canonicalJson(config));
    const known = this.#byDigest.get(digest);
    if (known !== undefined) return known;
    const schema = compiled(config);
    const oldest = this.#byDigest.keys().next();
    if (this.#byDigest.size >= CONFIG_SCHEMAS_CACHED_MAX && !oldest.done) this.#byDigest.delete(oldest.value);
    this.#byDigest.set(digest, schema);
    return schema;
  }
}

function compiled(config: unknown): ConfigSchema {
  try {
    return new ConfigSchema(config);
  } catch (cause) {
    throw new SluiceError(
      REGISTRY_ERRORS.configSchemaRefused,
      `the configuration schema cannot be used: ${(cause as Error).message}`,
      { cause },
    );
  }
}
