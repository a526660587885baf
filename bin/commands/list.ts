// `sluice list`: the filters in the registry, or the versions of one.

import { Command } from "commander";
import { openRegistry, withRegistry } from "../registry-access.ts";
import type { RegistryOptions } from "../registry-access.ts";
import type { VersionEntry } from "../registry-client.ts";
import { printable, printResult, table } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";

interface ListOptions extends RegistryOptions {
  readonly json?: boolean;
}

export function listCommand(terminal: Terminal): Command {
  const command = new Command("list")
    .description("the filters in the registry, or the versions of one")
    .argument("[filter]", "list this filter's versions");
  return withRegistry(command).action((filter: string | undefined, options: ListOptions) =>
    list(terminal, filter, options),
  );
}

async function list(terminal: Terminal, filter: string | undefined, options: ListOptions): Promise<void> {
  const client = openRegistry(terminal, options);
  if (filter === undefined) {
    const filters = await client.filters();
    return printResult(
      terminal,
      options,
      { filters },
      printable(filters.map(({ name }) => name).join("\n") || "no filter yet"),
    );
  }
  const versions = await client.versions(filter);
  printResult(terminal, options, { versions }, printable(versionsText(versions)));
}

function versionsText(versions: readonly VersionEntry[]): string {
  const rows = versions.map((version) => [
    version.tags.join(", ") || "–",
    version.digest,
    `${version.size} B`,
    version.pushedAt,
    version.pushedBy,
  ]);
  return table([["TAGS", "VERSION", "SIZE", "PUSHED", "BY"], ...rows]);
}
