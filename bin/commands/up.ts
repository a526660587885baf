// `sluice up`: everything on one machine – demo upstream, registry with console, proxy – with one filter deployed.

import { join, relative, resolve } from "node:path";
import { SluiceError } from "@sluice/abi";
import { Command } from "commander";
import type { RunningChild } from "../child-process.ts";
import { startBuilds } from "../demo/builds.ts";
import { requireAllFree, startInstallation, withLocalAddresses } from "../demo/local-installation.ts";
import type { LocalOptions } from "../demo/local-installation.ts";
import { seedRegistry } from "../demo/seed.ts";
import { BIN_ERRORS } from "../errors.ts";
import { awaitFleet, requireApplied } from "../fleet.ts";
import { PartList } from "../part-list.ts";
import type { RegistryClient } from "../registry-client.ts";
import { stopSignal } from "../stop-signal.ts";
import type { Terminal } from "../terminal.ts";

interface UpOptions extends LocalOptions {
  readonly stateDir: string;
}

export function upCommand(terminal: Terminal): Command {
  const command = new Command("up")
    .description("run proxy, registry, console and a demo upstream on this machine")
    .option("--state-dir <folder>", "filters, deployments, tokens, cache", ".sluice");
  return withLocalAddresses(command).action((options: UpOptions) => up(terminal, options));
}

async function up(terminal: Terminal, options: UpOptions): Promise<void> {
  const stop = stopSignal();
  await requireAllFree(options);
  const parts = new PartList();
  const proxyEnd = startAll(terminal, options, parts).then((proxy) => proxy.ended);
  try {
    const first = await Promise.race([stop, proxyEnd]);
    if (typeof first !== "string")
      throw new SluiceError(BIN_ERRORS.notReady, `The proxy ended with code ${first ?? "none"}.`);
    terminal.err("stopping");
  } finally {
    await parts.stopAll();
  }
}

/** Starts the parts, each noted in `parts`, and resolves when traffic flows through the deployed filter. */
async function startAll(terminal: Terminal, options: UpOptions, parts: PartList): Promise<RunningChild> {
  const stateDir = resolve(terminal.cwd, options.stateDir);
  const cancel = new AbortController();
  await parts.add(() => cancel.abort());
  const builds = startBuilds(cancel.signal);
  await builds.console;
  const { proxy, client } = await startInstallation(parts, {
    addresses: options,
    stateDir,
    workers: options.workers,
    cwd: terminal.cwd,
    proxyOutput: "inherit",
    seed: (registry) => seedRegistry(registry, builds.rbac),
  });
  await awaitDeployment(client);
  terminal.out(welcome(options, relative(terminal.cwd, stateDir) || "."));
  return proxy;
}

async function awaitDeployment(client: RegistryClient): Promise<void> {
  const current = await client.deployment("default");
  if (current === null) return;
  requireApplied(await awaitFleet(client, current.number), current.number);
}

function welcome(options: UpOptions, stateDir: string): string {
  return `
Sluice is up.
  proxy                http://${options.proxy}  (in front of the demo upstream http://${options.upstream})
  proxy's admin port   http://${options.admin}
  registry, console    http://${options.registryAddress}
  admin token          ${join(stateDir, "admin.token")}
  proxy's document     ${join(stateDir, "up.yaml")}

Try:   curl -i http://${options.proxy}/hello
       curl -i http://${options.proxy}/admin/users     (denied by the rbac filter)
Stop:  Ctrl-C
`;
}
