// The registry that `sluice dev` works with: on this machine, running already or started here with a proxy and a demo upstream.

import { mkdirSync, openSync } from "node:fs";
import { dirname, join } from "node:path";
import { SluiceError } from "@sluice/abi";
import { requireAllFree, startInstallation } from "../demo/local-installation.ts";
import type { LocalOptions } from "../demo/local-installation.ts";
import { BIN_ERRORS } from "../errors.ts";
import type { PartList } from "../part-list.ts";
import { openRegistry, registryAddress, tokenFileFrom } from "../registry-access.ts";
import type { RegistryOptions } from "../registry-access.ts";
import type { RegistryClient } from "../registry-client.ts";
import type { Terminal } from "../terminal.ts";
import { emptyDeployment } from "./dev-session.ts";

export type DevRegistryOptions = LocalOptions & RegistryOptions;

export interface LocalRegistry {
  readonly client: RegistryClient;
  readonly address: string;
  /** The proxy that was started here, and where its records go; null when one runs already. */
  readonly proxy: { readonly address: string; readonly log: string; readonly ended: Promise<number | null> } | null;
}

/** Throws SLUICE-E5040 for a registry that is not on this machine: what is saved would serve there at once. */
export async function openLocalRegistry(
  terminal: Terminal,
  folder: string,
  options: DevRegistryOptions,
  parts: PartList,
): Promise<LocalRegistry> {
  const address = registryAddress(terminal, options, `http://${options.registryAddress}`);
  requireLoopback(address);
  if (await answers(address)) {
    return { client: openRegistry(terminal, { registry: address }), address, proxy: null };
  }
  return start(folder, { ...options, registryAddress: new URL(address).host }, parts);
}

async function start(folder: string, options: LocalOptions, parts: PartList): Promise<LocalRegistry> {
  await requireAllFree(options);
  const token = tokenFileFrom(folder);
  const stateDir = token === null ? join(folder, ".sluice") : dirname(token);
  mkdirSync(stateDir, { recursive: true });
  const log = join(stateDir, "dev-proxy.log");
  const { client, proxy } = await startInstallation(parts, {
    addresses: options,
    stateDir,
    workers: options.workers,
    cwd: folder,
    proxyOutput: openSync(log, "w"),
    seed: ensureDeployment,
  });
  return {
    client,
    address: `http://${options.registryAddress}`,
    proxy: { address: `http://${options.proxy}`, log, ended: proxy.ended },
  };
}

/** A proxy without any deployment answers 503 to everything; an empty chain lets pass. */
async function ensureDeployment(client: RegistryClient): Promise<void> {
  if ((await client.deployment(emptyDeployment.name)) === null)
    await client.deploy(emptyDeployment, 0, { dryRun: false });
}

export function requireLoopback(address: string): void {
  const { hostname } = new URL(address);
  if (hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname)) return;
  throw new SluiceError(BIN_ERRORS.devNotLocal, `The registry ${address} is not on this machine.`);
}

async function answers(address: string): Promise<boolean> {
  try {
    await (await fetch(new URL("/v1/filters", address))).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}
