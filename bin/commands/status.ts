// `sluice status`: what is wanted, and what each proxy made of it.

import type { ProxyView, StoredDeployment } from "@sluice/registry";
import { Command } from "commander";
import { openRegistry, withRegistry } from "../registry-access.ts";
import type { RegistryOptions } from "../registry-access.ts";
import { printable, printResult, table } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";

interface StatusOptions extends RegistryOptions {
  readonly json?: boolean;
  readonly deployment: string;
}

export function statusCommand(terminal: Terminal): Command {
  const command = new Command("status")
    .description("the slots of the deployment and what each proxy wants, runs or refused")
    .option("--deployment <name>", "which deployment", "default");
  return withRegistry(command).action((options: StatusOptions) => status(terminal, options));
}

async function status(terminal: Terminal, options: StatusOptions): Promise<void> {
  const client = openRegistry(terminal, options);
  const [deployment, proxies] = await Promise.all([client.deployment(options.deployment), client.proxies()]);
  const text = [deploymentText(deployment), proxiesText(proxies)].join("\n\n");
  printResult(terminal, options, { deployment, proxies }, printable(text));
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
    ...(refused === null ? [] : [`${id} refused ${refused.number}: ${refused.message} (${refused.code})`]),
    ...notLoaded.map(({ slot, code, message }) => `${id}: slot ${slot} does not run: ${message} (${code})`),
    ...failures,
  ];
}
