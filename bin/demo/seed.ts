// Fills an empty registry for the demo: pushes the rbac filter and deploys it. A registry that holds other filters or a
// deployment already is left alone.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readDocument, SluiceError } from "@sluice/abi";
import { readFilterFolder } from "@sluice/sdk-filter";
import { planDeploy } from "../deploy-plan.ts";
import { BIN_ERRORS } from "../errors.ts";
import { pushPartsOf } from "../filter-folder.ts";
import type { RegistryClient } from "../registry-client.ts";
import { rbacFolder } from "./builds.ts";

/** True when it seeded. `built` resolves when the filter's module is there; only an empty registry waits for it. */
export async function seedRegistry(client: RegistryClient, built: Promise<void>): Promise<boolean> {
  if (await isInUse(client)) return false;
  await built;
  const filter = await readFilterFolder(rbacFolder);
  const { name } = filter.document;
  const answer = await client.push(name, pushPartsOf(filter), "v1");
  const version = (await client.versions(name)).find((entry) => entry.digest === answer.version);
  if (version === undefined)
    throw new SluiceError(BIN_ERRORS.badAnswer, `The registry does not list ${answer.version} after its push.`);
  const draft = planDeploy(null, "default", {
    slot: "rbac",
    versions: [{ named: { filter: name, reference: "v1" }, entry: version }],
    split: null,
    config: { value: demoPolicies() },
    grant: [],
    add: true,
    why: "the demo's first deployment",
  });
  await client.deploy(draft, 0, { dryRun: false });
  return true;
}

/** The demo's filter without a deployment is no use: `up` was stopped between the two, and would else never be ready. */
async function isInUse(client: RegistryClient): Promise<boolean> {
  const isOthers = (await client.filters()).some(({ name }) => name !== "rbac");
  return isOthers || (await client.deployment("default")) !== null;
}

function demoPolicies(): unknown {
  const file = join(import.meta.dirname, "rbac.yaml");
  return readDocument(readFileSync(file, "utf8"), { file, schema: {} });
}
