// `sluice deploy`: writes the next deployment and waits until the connected proxies run it.

import { readDocument, SluiceError } from "@sluice/abi";
import { DeploymentSchema } from "@sluice/proxy/contract";
import type { Written } from "@sluice/registry";
import { Command } from "commander";
import { draftOf, parseAssignment, planDeploy, resolveVersion } from "../deploy-plan.ts";
import { differenceLines } from "../difference-lines.ts";
import { BIN_ERRORS } from "../errors.ts";
import { awaitFleet, fleetSentence, requireApplied } from "../fleet.ts";
import { readNamedText } from "../named-file.ts";
import { openRegistry, withRegistry } from "../registry-access.ts";
import type { RegistryOptions } from "../registry-access.ts";
import type { DeploymentDraft, RegistryClient } from "../registry-client.ts";
import { printable, printResult } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";

interface DeployOptions extends RegistryOptions {
  readonly json?: boolean;
  readonly file?: string;
  readonly config?: string;
  readonly add?: boolean;
  readonly grant?: string;
  readonly dryRun?: boolean;
  readonly why?: string;
  readonly deployment: string;
}

interface NextDeployment {
  readonly draft: DeploymentDraft;
  /** The number the change builds on; 0 before the first. */
  readonly seen: number;
}

export function deployCommand(terminal: Terminal): Command {
  const command = new Command("deploy")
    .description("put a version in charge of a slot, now and for all traffic")
    .argument("[assignment]", "SLOT=FILTER@TAG, for example rbac=rbac@v2; or FILTER@sha256:…")
    .option("-f, --file <file>", "write this deployment document instead, the whole chain")
    .option("--config <file>", "the plugin configuration (YAML or JSON); without it the slot keeps its own")
    .option("--add", "make a new slot")
    .option("--grant <families>", "capability families to grant beyond the slot's, separated by commas")
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
  if (options.dryRun === true) return printDifference(terminal, options, answer);
  const fleet = await awaitFleet(client, answer.number);
  requireApplied(fleet, answer.number);
  printResult(terminal, options, { ...answer, fleet }, `deployment ${answer.number}: ${fleetSentence(fleet)}`);
}

function nextDeployment(
  terminal: Terminal,
  client: RegistryClient,
  assignment: string | undefined,
  options: DeployOptions,
): Promise<NextDeployment> {
  if (assignment !== undefined && options.file === undefined) return changedSlot(terminal, client, assignment, options);
  if (assignment === undefined && options.file !== undefined)
    return wholeChain(terminal, client, options.file, options);
  throw new SluiceError(BIN_ERRORS.usage, "deploy takes either SLOT=FILTER@TAG or -f FILE.");
}

async function changedSlot(
  terminal: Terminal,
  client: RegistryClient,
  words: string,
  options: DeployOptions,
): Promise<NextDeployment> {
  const assignment = parseAssignment(words);
  const config = options.config === undefined ? "keep" : { value: readConfig(terminal, options.config) };
  const [current, versions] = await Promise.all([
    client.deployment(options.deployment),
    client.versions(assignment.filter),
  ]);
  const draft = planDeploy(current, options.deployment, {
    assignment,
    version: resolveVersion(versions, assignment),
    config,
    grant: options.grant?.split(",").map((family) => family.trim()) ?? [],
    add: options.add === true,
    why: options.why ?? null,
  });
  return { draft, seen: current?.number ?? 0 };
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
  const seen = document.number ?? (await client.deployment(document.name))?.number ?? 0;
  const why = options.why ?? document.why;
  return { draft: { ...draftOf(document), ...(why === undefined ? {} : { why }) }, seen };
}

function readConfig(terminal: Terminal, file: string): unknown {
  return readDocument(readNamedText(terminal, file), { file, schema: {} });
}

function printDifference(terminal: Terminal, options: DeployOptions, answer: Written): void {
  const text = answer.diff.length === 0 ? "nothing would change" : `would change:\n${differenceLines(answer.diff)}`;
  printResult(terminal, options, answer, text);
}
