// `sluice delete`: takes what nothing needs out of the registry: a version, a tag, a deployment, or all that is unneeded.

import { SluiceError } from "@sluice/abi";
import type { Collected } from "@sluice/registry";
import { Command } from "commander";
import { resolveVersion } from "../deploy-plan.ts";
import { BIN_ERRORS } from "../errors.ts";
import { parseFilterReference } from "../filter-reference.ts";
import { openRegistry, withRegistry } from "../registry-access.ts";
import type { RegistryOptions } from "../registry-access.ts";
import { printable, printResult } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";

interface DeleteOptions extends RegistryOptions {
  readonly json?: boolean;
  readonly tag?: boolean;
  readonly deployment?: string;
  readonly unneeded?: boolean;
  readonly olderThan?: string;
  readonly dryRun?: boolean;
}

export function deleteCommand(terminal: Terminal): Command {
  const command = new Command("delete")
    .description("delete a version, a tag or a deployment that nothing needs")
    .argument("[version]", "the version: FILTER@TAG or FILTER@sha256:…")
    .option("--tag", "delete only the tag of FILTER@TAG; the version stays")
    .option("--deployment <name>", "take this deployment out of charge instead; no known proxy may take it")
    .option("--unneeded", "delete every untagged version that no deployment, rollback or proxy needs")
    .option("--older-than <duration>", "with --unneeded: only what was pushed before (default 720h)")
    .option("--dry-run", "with --unneeded: show what would be deleted and stop");
  return withRegistry(command).action((version: string | undefined, options: DeleteOptions) =>
    remove(terminal, version, options),
  );
}

async function remove(terminal: Terminal, version: string | undefined, options: DeleteOptions): Promise<void> {
  refuseMixed(version, options);
  const client = openRegistry(terminal, options);
  if (options.deployment !== undefined) {
    const answer = await client.deleteDeployment(options.deployment);
    const text = `deployment ${answer.name} is no longer in charge of anything; its history stays`;
    return printResult(terminal, options, answer, printable(text));
  }
  if (options.unneeded === true) {
    const collected = await client.collect(options.olderThan ?? null, options.dryRun === true);
    return printResult(terminal, options, collected, printable(collectedText(collected)));
  }
  const { filter, reference } = parseFilterReference(version!);
  if (options.tag === true) {
    const answer = await client.deleteTag(filter, reference);
    return printResult(terminal, options, answer, printable(`${filter} has no tag ${reference} any more`));
  }
  const { digest } = resolveVersion(await client.versions(filter), { filter, reference });
  const collected = await client.deleteVersion(filter, digest);
  printResult(terminal, options, collected, printable(collectedText(collected)));
}

function refuseMixed(version: string | undefined, options: DeleteOptions): void {
  const { tag = false, deployment, unneeded = false, olderThan, dryRun = false } = options;
  const ways = [version !== undefined, deployment !== undefined, unneeded].filter(Boolean).length;
  if (ways !== 1)
    throw new SluiceError(BIN_ERRORS.usage, "delete takes one of FILTER@TAG, --deployment NAME and --unneeded.");
  if ((olderThan !== undefined || dryRun) && !unneeded)
    throw new SluiceError(BIN_ERRORS.usage, "--older-than and --dry-run go with --unneeded.");
  if (tag && version === undefined) throw new SluiceError(BIN_ERRORS.usage, "--tag goes with FILTER@TAG.");
}

function collectedText({ versions, freedBytes, dryRun }: Collected): string {
  if (versions.length === 0) return "nothing to delete";
  const lines = versions.map(({ filter, version, tags }) => {
    const named = tags.length === 0 ? "" : ` (${tags.join(", ")})`;
    return `  ${filter}@${version}${named}`;
  });
  const head = dryRun ? "would delete:" : `deleted, ${freedBytes} bytes freed:`;
  return [head, ...lines].join("\n");
}
