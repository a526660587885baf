// Would a deploy take this configuration? For tests of configurations that stand in documents.

import { ConfigSchema } from "@sluice/abi";
import type { FilterDocument } from "@sluice/abi";

/** What the schema in filter.yaml says against a configuration, as a deploy would; null when it fits. */
export function configProblem({ config: schema }: FilterDocument, config: unknown): string | null {
  return schema === undefined ? null : new ConfigSchema(schema).problemOf(config);
}
