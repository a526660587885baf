// `sluice up`: everything on one machine – demo upstream, registry with console, proxy – with one filter deployed.

import { readFileSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { SluiceError } from "@sluice/abi";
import { Command } from "commander";
import { parseAddress, requireFree } from "../address.ts";
import { stopChild } from "../child-process.ts";
import type { RunningChild } from "../child-process.ts";
import { demoMachineDocument } from "../demo/machine-document.ts";
import { startBuilds } from "../demo/builds.ts";
import { seedRegistry } from "../demo/seed.ts";
import { startDemoUpstream } from "../demo/upstream.ts";
import { BIN_ERRORS } from "../errors.ts";
import { awaitFleet, requireApplied } from "../fleet.ts";
import { PartList } from "../part-list.ts";
import { awaitReady, startProxy } from "../proxy-process.ts";
import { RegistryClient } from "../registry-client.ts";
import { stopSignal } from "../stop-signal.ts";
import type { Terminal } from "../terminal.ts";

interface UpOptions {
  readonly proxy: string;
  readonly admin: string;
  readonly registryAddress: string;
  readonly upstream: string;
  readonly stateDir: string;
  readonly workers: string;
}

export function upCommand(terminal: Terminal): Command {
  return new Command("up")
    .description("run proxy, registry, console and a demo upstream on this machine")
    .option("--proxy <host:port>", "the proxy's listener", "127.0.0.1:8080")
    .option("--admin <host:port>", "the proxy's admin port", "127.0.0.1:9901")
    .option("--registry-address <host:port>", "registry and console", "127.0.0.1:9902")
    .option("--upstream <host:port>", "the demo upstream", "127.0.0.1:8088")
    .option("--state-dir <folder>", "filters, deployments, tokens, cache", ".sluice")
    .option("--workers <number>", "worker threads, or auto", "auto")
    .action((options: UpOptions) => up(terminal, options));
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

async function requireAllFree(options: UpOptions): Promise<void> {
  await requireFree(options.upstream, "--upstream");
  await requireFree(options.registryAddress, "--registry-address");
  await requireFree(options.proxy, "--proxy");
  await requireFree(options.admin, "--admin");
}

/** Starts the parts, each noted in `parts`, and resolves when traffic flows through the deployed filter. */
async function startAll(terminal: Terminal, options: UpOptions, parts: PartList): Promise<RunningChild> {
  const stateDir = resolve(terminal.cwd, options.stateDir);
  const cancel = new AbortController();
  await parts.add(() => cancel.abort());
  const builds = startBuilds(cancel.signal);
  const upstream = await startDemoUpstream(parseAddress(options.upstream, "--upstream"));
  await parts.add(() => upstream.close());
  await builds.console;
  // Loaded here, so that commands that only talk to a registry do not load one.
  const { createRegistry } = await import("@sluice/registry");
  const registry = await createRegistry({ stateDir, address: options.registryAddress });
  await parts.add(() => registry.close());
  const proxy = startProxy(writeMachineDocument(stateDir, options), terminal.cwd);
  await parts.add(() => stopChild(proxy));

  const token = readFileSync(registry.tokenFiles.admin, "utf8").trim();
  const client = new RegistryClient({ address: `http://${options.registryAddress}`, token });
  await Promise.all([seedRegistry(client, builds.rbac), awaitReady(proxy, options.admin)]);
  await awaitDeployment(client);
  terminal.out(welcome(options, relative(terminal.cwd, stateDir) || "."));
  return proxy;
}

function writeMachineDocument(stateDir: string, options: UpOptions): string {
  const { proxy, admin, registryAddress: registry, upstream } = options;
  const file = join(stateDir, "up.yaml");
  writeFileSync(file, demoMachineDocument({ proxy, admin, registry, upstream }, options.workers));
  return file;
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
