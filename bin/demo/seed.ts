// Fills an empty registry for the demo: builds the rbac filter, pushes it and deploys it. A registry that holds any
// filter already is left alone.

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { readDocument, SluiceError } from "@sluice/abi";
import { planDeploy } from "../deploy-plan.ts";
import { BIN_ERRORS } from "../errors.ts";
import { pushPartsOf, readFilterFolder } from "../filter-folder.ts";
import type { RegistryClient } from "../registry-client.ts";
import type { Terminal } from "../terminal.ts";

const run = promisify(execFile);
const rbacFolder = join(import.meta.dirname, "../../filters-as/rbac");
const sluiceFile = join(import.meta.dirname, "../sluice.js");

/** True when it seeded. `cancelled` ends the build, the only long step. */
export async function seedRegistry(
  terminal: Terminal,
  client: RegistryClient,
  cancelled: AbortSignal,
): Promise<boolean> {
  if ((await client.filters()).length > 0) return false;
  await buildRbac(cancelled);
  const filter = readFilterFolder(terminal, rbacFolder);
  const { name } = filter.document;
  const answer = await client.push(name, pushPartsOf(filter), "v1");
  const version = (await client.versions(name)).find((entry) => entry.digest === answer.version);
  if (version === undefined)
    throw new SluiceError(BIN_ERRORS.badAnswer, `The registry does not list ${answer.version} after its push.`);
  const draft = planDeploy(null, "default", {
    assignment: { slot: "rbac", filter: name, reference: "v1" },
    version,
    config: { value: demoPolicies() },
    grant: [],
    add: true,
    why: "the demo's first deployment",
  });
  await client.deploy(draft, 0, { dryRun: false });
  return true;
}

// In a process of its own: the compiler takes a second of CPU and 130 MB that a serving process must not lend it.
async function buildRbac(cancelled: AbortSignal): Promise<void> {
  await run(process.execPath, [sluiceFile, "build"], { cwd: rbacFolder, signal: cancelled }).catch((cause: unknown) => {
    const said = cause instanceof Error && "stderr" in cause ? String(cause.stderr) : String(cause);
    throw new SluiceError(BIN_ERRORS.notReady, `The demo's filter did not build: ${said.trim()}`, { cause });
  });
}

function demoPolicies(): unknown {
  const file = join(import.meta.dirname, "rbac.yaml");
  return readDocument(readFileSync(file, "utf8"), { file, schema: {} });
}
