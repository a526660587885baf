// `sluice deploy`: writes the next deployment and waits until the connected proxies run it.

import { readDocument, SluiceError } from "@sluice/abi";
import { DeploymentSchema } from "@sluice/proxy/contract";
import type { StoredDeployment, Written } from "@sluice/registry";
import { Command } from "commander";
import { draftOf, parseAssignment, parseWeights, planDeploy, resolveVersion } from "../deploy-plan.ts";
import type { SplitWish } from "../deploy-plan.ts";
import { differenceLines } from "../difference-lines.ts";
import { BIN_ERRORS } from "../errors.ts";
import { awaitFleet, fleetSentence, requireApplied } from "../fleet.ts";
import { readNamedText } from "../named-file.ts";
import { openRegistry, withRegistry } from "../registry-access.ts";
import type { RegistryOptions } from "../registry-access.ts";
import type { DeploymentDraft, RegistryClient } from "../registry-client.ts";
import { printable, printResult } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";
import { shareLines } from "../traffic-shares.ts";

interface DeployOptions extends RegistryOptions {
  readonly json?: boolean;
  readonly file?: string;
  readonly config?: string;
  readonly add?: boolean;
  readonly grant?: string;
  readonly dryRun?: boolean;
  readonly why?: string;
  readonly split?: string;
  readonly by?: string;
  readonly salt?: string;
  readonly allowForce?: boolean;
  readonly deployment: string;
}

interface NextDeployment {
  readonly draft: DeploymentDraft;
  /** The number the change builds on; 0 before the first. */
  readonly seen: number;
  /** What is in force now; null before the first. */
  readonly current: StoredDeployment | null;
}

export function deployCommand(terminal: Terminal): Command {
  const command = new Command("deploy")
    .description("put a version in charge of a slot, or divide its traffic between several")
    .argument("[assignment]", "SLOT=FILTER@TAG, for example rbac=rbac@v2; SLOT=FILTER@TAG,FILTER@TAG with --split")
    .option("-f, --file <file>", "write this deployment document instead, the whole chain")
    .option(
      "--split <shares>",
      "percents of the versions in their order, for example 90,10; the first is the stable one",
    )
    .option("--by <key>", "what divides: header:NAME, cookie:NAME, attribute:NAME or source; else as the slot has it")
    .option("--salt <text>", "draws the keys anew: another salt, other keys in each share")
    .option("--allow-force", "let signed requests choose their revision, see `sluice force`")
    .option("--no-allow-force", "take that back")
    .option(
      "--config <file>",
      "the plugin configuration (YAML or JSON), in a split of all versions but the first; without it each keeps its own",
    )
    .option("--add", "make a new slot")
    .option("--grant <families>", "capability families to grant beyond those granted, separated by commas")
    .option("--deployment <name>", "the deployment to change", "default")
    .option("--dry-run", "show what would change and stop")
    .option("--why <text>", "the reason, for the history");
  return withRegistry(command).action((assignment: string | undefined, options: DeployOptions) =>
    deploy(terminal, assignment, options),
  );
}

async function deploy(terminal: Terminal, assignment: string | undefined, options: DeployOptions): Promise<void> {
  const client = openRegistry(terminal, options);
  const next = await nextDeployment(terminal, client, assignment, options);
  const answer = await client.deploy(next.draft, next.seen, { dryRun: options.dryRun === true });
  for (const warning of answer.warnings) terminal.err(printable(`warning: ${warning}`));
  const shares = shareLines(next.current, next.draft);
  if (options.dryRun === true) return printDifference(terminal, options, answer, shares);
  const fleet = await awaitFleet(client, answer.number);
  requireApplied(fleet, answer.number);
  printResult(
    terminal,
    options,
    { ...answer, fleet },
    [`deployment ${answer.number}: ${fleetSentence(fleet)}`, ...shares.map(printable)].join("\n"),
  );
}

function nextDeployment(
  terminal: Terminal,
  client: RegistryClient,
  assignment: string | undefined,
  options: DeployOptions,
): Promise<NextDeployment> {
  if (assignment !== undefined && options.file === undefined) return changedSlot(terminal, client, assignment, options);
  if (assignment === undefined && options.file !== undefined && splitWish(options, 1) === null)
    return wholeChain(terminal, client, options.file, options);
  throw new SluiceError(BIN_ERRORS.usage, "deploy takes either SLOT=FILTER@TAG or -f FILE.");
}

async function changedSlot(
  terminal: Terminal,
  client: RegistryClient,
  words: string,
  options: DeployOptions,
): Promise<NextDeployment> {
  const { slot, named } = parseAssignment(words);
  const split = splitWish(options, named.length);
  const config = options.config === undefined ? "keep" : { value: readConfig(terminal, options.config) };
  const [current, ...versions] = await Promise.all([
    client.deployment(options.deployment),
    ...named.map(async (one) => ({ named: one, entry: resolveVersion(await client.versions(one.filter), one) })),
  ]);
  const draft = planDeploy(current, options.deployment, {
    slot,
    versions,
    split,
    config,
    grant: options.grant?.split(",").map((family) => family.trim()) ?? [],
    add: options.add === true,
    why: options.why ?? null,
  });
  return { draft, seen: current?.number ?? 0, current };
}

/** What the options say of a split; null where none is said and one version takes all. */
function splitWish(options: DeployOptions, versions: number): SplitWish | null {
  const { split, by = null, salt = null, allowForce: force = null } = options;
  if (split !== undefined && versions > 1) return { weights: parseWeights(split, versions), by, salt, force };
  if (versions > 1) {
    throw new SluiceError(BIN_ERRORS.usage, `${versions} versions need their shares.`, {
      hint: "Add --split, for example --split 90,10: whole percents in the order of the versions.",
    });
  }
  if ([split, by, salt, force].every((option) => option === undefined || option === null)) return null;
  throw new SluiceError(BIN_ERRORS.usage, "--split, --by, --salt and --allow-force are for several named versions.", {
    hint: "Name them all, for example rbac=rbac@v1,rbac@v2 --split 90,10; a file says it by itself.",
  });
}

// A file that carries a number builds on that number, so that an edit of an old copy is refused as stale.
async function wholeChain(
  terminal: Terminal,
  client: RegistryClient,
  file: string,
  options: DeployOptions,
): Promise<NextDeployment> {
  // Only the shape is read here: tags are the registry's to resolve.
  const document = readDocument(readNamedText(terminal, file), { file, schema: DeploymentSchema });
  const current = await client.deployment(document.name);
  const seen = document.number ?? current?.number ?? 0;
  const why = options.why ?? document.why;
  return { draft: { ...draftOf(document), ...(why === undefined ? {} : { why }) }, seen, current };
}

function readConfig(terminal: Terminal, file: string): unknown {
  return readDocument(readNamedText(terminal, file), { file, schema: {} });
}

function printDifference(terminal: Terminal, options: DeployOptions, answer: Written, shares: readonly string[]): void {
  const lines = [...shares.map(printable), differenceLines(answer.diff)];
  const text = answer.diff.length === 0 ? "nothing would change" : ["would change:", ...lines].join("\n");
  printResult(terminal, options, answer, text);
}
