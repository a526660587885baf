// `sluice registry`: the control plane on its own, until SIGINT or SIGTERM.

import { resolve } from "node:path";
import { SIZE_DESCRIPTION, SIZE_PATTERN, sizeBytes } from "@sluice/proxy/contract";
import { Command, InvalidArgumentError } from "commander";
import { stopSignal } from "../stop-signal.ts";
import type { Terminal } from "../terminal.ts";

interface RegistryServerOptions {
  readonly address: string;
  readonly stateDir: string;
  readonly storeMax?: number;
  readonly minFree?: number;
}

export function registryCommand(terminal: Terminal): Command {
  return new Command("registry")
    .description("run the registry and its console")
    .option("--address <host:port>", "where to listen", "127.0.0.1:9902")
    .option("--state-dir <folder>", "filters, deployments and tokens", ".sluice")
    .option("--store-max <size>", "bytes that all versions together may take (default 20GiB)", parseSize)
    .option("--min-free <size>", "bytes of the disk that uploads leave free (default 128MiB)", parseSize)
    .action((options: RegistryServerOptions) => serve(terminal, options));
}

async function serve(terminal: Terminal, options: RegistryServerOptions): Promise<void> {
  const stop = stopSignal();
  const stateDir = resolve(terminal.cwd, options.stateDir);
  // Loaded here, so that commands that only talk to a registry do not load one.
  const { createRegistry } = await import("@sluice/registry");
  const registry = await createRegistry({
    stateDir,
    address: options.address,
    ...(options.storeMax === undefined ? {} : { storeBytesMax: options.storeMax }),
    ...(options.minFree === undefined ? {} : { freeBytesMin: options.minFree }),
  });
  terminal.err(
    `registry and console on http://${registry.address}; the admin token is in ${registry.tokenFiles.admin}`,
  );
  await stop;
  await registry.close();
}

function parseSize(text: string): number {
  if (!new RegExp(SIZE_PATTERN).test(text)) throw new InvalidArgumentError(`It is ${SIZE_DESCRIPTION}.`);
  return sizeBytes(text);
}
