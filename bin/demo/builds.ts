// What a fresh checkout lacks and `sluice up` needs: the console's page and the rbac filter. Both are built at once, each in
// a process of its own: a compiler takes seconds of CPU and 130 MB that a serving process must not lend it.

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { SluiceError } from "@sluice/abi";
import { BIN_ERRORS } from "../errors.ts";

export const rbacFolder = dirname(fileURLToPath(import.meta.resolve("@sluice/filters-as/rbac/filter.yaml")));

/** Builds under way; what is up to date is not built again. */
export interface DemoBuilds {
  readonly console: Promise<void>;
  readonly rbac: Promise<void>;
}

export function startBuilds(cancelled: AbortSignal): DemoBuilds {
  const builds = { console: buildConsole(cancelled), rbac: buildRbac(cancelled) };
  // Whoever needs a build awaits it; one that nobody needs may fail in silence.
  for (const build of Object.values(builds)) build.catch(() => undefined);
  return builds;
}

async function buildConsole(cancelled: AbortSignal): Promise<void> {
  const script = join(dirname(fileURLToPath(import.meta.resolve("@sluice/registry"))), "console/build.ts");
  // Published packages carry the built page and not its sources.
  if (existsSync(script)) await runNode("The console", [script], cancelled);
}

async function buildRbac(cancelled: AbortSignal): Promise<void> {
  // Published packages carry the built module too; what builds it stays in the checkout.
  if (!existsSync(join(rbacFolder, "../build.ts"))) return;
  const sluiceFile = join(import.meta.dirname, "../sluice.js");
  await runNode("The demo's filter", [sluiceFile, "build", rbacFolder, "--if-stale"], cancelled);
}

async function runNode(what: string, args: readonly string[], cancelled: AbortSignal): Promise<void> {
  await promisify(execFile)(process.execPath, args, { signal: cancelled }).catch((cause: unknown) => {
    const said = cause instanceof Error && "stderr" in cause ? String(cause.stderr) : String(cause);
    throw new SluiceError(BIN_ERRORS.notReady, `${what} did not build: ${said.trim()}`, { cause });
  });
}
