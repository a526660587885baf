// Registry, proxy and demo upstream on this machine, as `sluice up` and `sluice dev` run them.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Registry } from "@sluice/registry";
import type { Command } from "commander";
import { parseAddress, requireFree } from "../address.ts";
import { stopChild } from "../child-process.ts";
import type { ChildOutput, RunningChild } from "../child-process.ts";
import type { PartList } from "../part-list.ts";
import { awaitReady, startProxy } from "../proxy-process.ts";
import { RegistryClient } from "../registry-client.ts";
import { demoMachineDocument } from "./machine-document.ts";
import { startDemoUpstream } from "./upstream.ts";

/** Where the parts listen, `host:port` each. */
export interface LocalAddresses {
  readonly proxy: string;
  readonly admin: string;
  readonly registryAddress: string;
  readonly upstream: string;
}

export interface InstallationPlan {
  readonly addresses: LocalAddresses;
  /** Absolute: filters, deployments, tokens, cache, the proxy's document. */
  readonly stateDir: string;
  readonly workers: string;
  readonly cwd: string;
  /** Where the proxy's records and log go. */
  readonly proxyOutput: ChildOutput;
  /** Sees to a deployment while the proxy starts; without one it is never ready. */
  readonly seed: (client: RegistryClient) => Promise<unknown>;
}

export interface LocalInstallation {
  readonly proxy: RunningChild;
  readonly registry: Registry;
  readonly client: RegistryClient;
  readonly machineFile: string;
}

/** What a command takes that may start these parts. */
export interface LocalOptions extends LocalAddresses {
  readonly workers: string;
}

export function withLocalAddresses(command: Command): Command {
  return command
    .option("--proxy <host:port>", "the proxy's listener", "127.0.0.1:8080")
    .option("--admin <host:port>", "the proxy's admin port", "127.0.0.1:9901")
    .option("--registry-address <host:port>", "registry and console", "127.0.0.1:9902")
    .option("--upstream <host:port>", "the demo upstream", "127.0.0.1:8088")
    .option("--workers <number>", "worker threads, or auto", "auto");
}

/** Throws SLUICE-E5006 for the first address that is taken. */
export async function requireAllFree(addresses: LocalAddresses): Promise<void> {
  await requireFree(addresses.upstream, "--upstream");
  await requireFree(addresses.registryAddress, "--registry-address");
  await requireFree(addresses.proxy, "--proxy");
  await requireFree(addresses.admin, "--admin");
}

/** Starts the parts, each noted in `parts`, and resolves when the proxy is ready. */
export async function startInstallation(parts: PartList, plan: InstallationPlan): Promise<LocalInstallation> {
  const { addresses, stateDir } = plan;
  const upstream = await startDemoUpstream(parseAddress(addresses.upstream, "--upstream"));
  await parts.add(() => upstream.close());
  // Loaded here, so that commands that only talk to a registry do not load one.
  const { createRegistry } = await import("@sluice/registry");
  const registry = await createRegistry({ stateDir, address: addresses.registryAddress });
  await parts.add(() => registry.close());
  const machineFile = writeMachineDocument(plan);
  const proxy = startProxy(machineFile, plan.cwd, plan.proxyOutput);
  await parts.add(() => stopChild(proxy));
  const token = readFileSync(registry.tokenFiles.admin, "utf8").trim();
  const client = new RegistryClient({ address: `http://${addresses.registryAddress}`, token });
  await Promise.all([plan.seed(client), awaitReady(proxy, addresses.admin)]);
  return { proxy, registry, client, machineFile };
}

function writeMachineDocument({ addresses, stateDir, workers }: InstallationPlan): string {
  const { proxy, admin, registryAddress: registry, upstream } = addresses;
  mkdirSync(stateDir, { recursive: true });
  const file = join(stateDir, "up.yaml");
  writeFileSync(file, demoMachineDocument({ proxy, admin, registry, upstream }, workers));
  return file;
}
