// `sluice status`: what is wanted, and what each proxy made of it.

import { setTimeout as pause } from "node:timers/promises";
import { overrideSentence } from "@sluice/proxy/contract";
import type { ProxyView, StoredDeployment } from "@sluice/registry";
import { Command } from "commander";
import { refusalText } from "../fleet.ts";
import { statusWatchMs } from "../limits.ts";
import { openRegistry, withRegistry } from "../registry-access.ts";
import type { RegistryOptions } from "../registry-access.ts";
import type { RegistryClient } from "../registry-client.ts";
import { compareRevisions, comparisonText, sidelineLines } from "../revision-comparison.ts";
import { stopSignal } from "../stop-signal.ts";
import { printable, printResult, table } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";

interface StatusOptions extends RegistryOptions {
  readonly json?: boolean;
  readonly deployment: string;
  readonly watch?: boolean;
}

export function statusCommand(terminal: Terminal): Command {
  const command = new Command("status")
    .description("the slots of the deployment, what their revisions do, and what each proxy wants, runs or refused")
    .option("--deployment <name>", "which deployment", "default")
    .option("--watch", "look again every second, until Ctrl-C");
  return withRegistry(command).action((options: StatusOptions) => status(terminal, options));
}

async function status(terminal: Terminal, options: StatusOptions): Promise<void> {
  const client = openRegistry(terminal, options);
  if (options.watch !== true) {
    await show(terminal, client, options);
    return;
  }
  const stop = new AbortController();
  void Promise.race([stopSignal(), terminal.closed()]).then(() => stop.abort());
  while (!stop.signal.aborted) {
    if (options.json !== true) terminal.out(CLEARED);
    await show(terminal, client, options);
    await pause(statusWatchMs, undefined, { signal: stop.signal }).catch(() => {});
  }
}

/** A cleared screen with the cursor at its top. */
const CLEARED = "\u001b[2J\u001b[H";

async function show(terminal: Terminal, client: RegistryClient, options: StatusOptions): Promise<void> {
  const [deployment, proxies] = await Promise.all([client.deployment(options.deployment), client.proxies()]);
  const meant = proxies.filter((proxy) => deployment === null || proxy.deployment === deployment.name);
  const revisions = compareRevisions(deployment, meant);
  const text = [
    deploymentText(deployment),
    [comparisonText(revisions), ...sidelineLines(meant)].join("\n"),
    proxiesText(proxies),
  ].join("\n\n");
  printResult(terminal, options, { deployment, revisions, proxies }, printable(text));
}

function deploymentText(deployment: StoredDeployment | null): string {
  if (deployment === null) return "no deployment yet";
  const rows = deployment.slots.flatMap((slot) =>
    slot.revisions.map((revision) => [
      slot.name,
      slot.phase,
      `${revision.filter}@${revision.tag ?? revision.version?.slice(0, 19)}`,
      slot.failStrategy ?? "FAIL_CLOSE",
      `${revision.weight ?? 100} %`,
    ]),
  );
  const heading = `deployment ${deployment.name} ${deployment.number}`;
  return `${heading}\n${table([["SLOT", "PHASE", "REVISION", "ON FAILURE", "SHARE"], ...rows])}`;
}

function proxiesText(proxies: readonly ProxyView[]): string {
  if (proxies.length === 0) return "no proxy has connected yet";
  const rows = proxies.map((proxy) => [
    proxy.id,
    String(proxy.wanted ?? "–"),
    String(proxy.applied ?? "–"),
    proxy.ready ? "yes" : "no",
    proxy.connected ? "yes" : `no, last heard ${proxy.lastSeen ?? "never"}`,
  ]);
  const heading = ["PROXY", "WANTED", "APPLIED", "READY", "CONNECTED"];
  return [table([heading, ...rows]), ...proxies.flatMap(troubleLines)].join("\n");
}

/** What is wrong on a proxy: a refused deployment, slots that do not run, the last failure of each serving revision. */
function troubleLines(proxy: ProxyView): string[] {
  const { id, refused, notLoaded, counters } = proxy;
  const failures = (counters?.revisions ?? []).flatMap(({ slot, current, lastError, errors }) => {
    if (!current || lastError === null) return [];
    const times = Object.entries(errors).map(([cause, count]) => `${cause} ${count}`);
    const where = lastError.at === null ? "" : ` at ${lastError.at}`;
    return [`${id}: slot ${slot} failed (${times.join(", ")}), last: ${lastError.cause}: ${lastError.message}${where}`];
  });
  return [
    ...proxy.overrides.map((override) => `${id}: OVERRIDE: ${overrideSentence(override)}`),
    ...deploymentTrouble(proxy),
    ...(refused === null ? [] : [`${id} refused ${refused.number}: ${refusalText(refused)}`]),
    ...notLoaded.map(({ slot, ...why }) => `${id}: slot ${slot} does not run: ${refusalText(why)}`),
    ...failures,
  ];
}

/** No deployment is meant for its labels, or two are: it gets none and goes on with what it has. */
function deploymentTrouble({ id, labels, deployment, conflict, applied }: ProxyView): string[] {
  if (deployment !== null) return [];
  const does = applied === null ? "it answers 503" : `it goes on with ${applied}`;
  if (conflict.length > 0) return [`${id}: deployments ${conflict.join(" and ")} both apply to it: ${does}`];
  const words = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return [`${id}: no deployment is meant for its labels (${words.join(", ") || "none"}): ${does}`];
}
