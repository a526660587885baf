// `sluice init`: a new filter's folder that builds and passes its tests at once.

import { relative, resolve } from "node:path";
import { FILTER_TEMPLATES, initFilter } from "@sluice/sdk-filter";
import type { FilterTemplate } from "@sluice/sdk-filter";
import { Command, Option } from "commander";
import { packagesFor } from "../project-packages.ts";
import { printResult } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";

interface InitOptions {
  readonly template: FilterTemplate;
  readonly json?: boolean;
}

export function initCommand(terminal: Terminal): Command {
  return new Command("init")
    .description("make a filter's folder: source, filter.yaml, tests, sample requests, README")
    .argument("<name>", "the filter's name; the folder is called the same")
    .addOption(
      new Option("--template <name>", "what it begins as: a check of its own, or one that asks a service")
        .choices(FILTER_TEMPLATES)
        .default("check"),
    )
    .option("--json", "print the result as JSON")
    .action((name: string, options: InitOptions) => init(terminal, name, options));
}

async function init(terminal: Terminal, name: string, options: InitOptions): Promise<void> {
  const target = resolve(terminal.cwd, name);
  const devDependencies = packagesFor(target);
  const { folder, files } = await initFilter(name, target, { template: options.template, devDependencies });
  const install = Object.keys(devDependencies).length > 0 ? "npm install && " : "";
  const next = `cd ${relative(terminal.cwd, folder)} && ${install}npx sluice build && npx sluice test`;
  printResult(
    terminal,
    options,
    { folder, files, next },
    `${files.map((file) => `  ${file}`).join("\n")}\nnext: ${next}`,
  );
}
