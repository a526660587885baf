// `sluice registry`: the control plane on its own, until SIGINT or SIGTERM.

import { resolve } from "node:path";
import { Command } from "commander";
import { stopSignal } from "../stop-signal.ts";
import type { Terminal } from "../terminal.ts";

interface RegistryServerOptions {
  readonly address: string;
  readonly stateDir: string;
}

export function registryCommand(terminal: Terminal): Command {
  return new Command("registry")
    .description("run the registry and its console")
    .option("--address <host:port>", "where to listen", "127.0.0.1:9902")
    .option("--state-dir <folder>", "filters, deployments and tokens", ".sluice")
    .action((options: RegistryServerOptions) => serve(terminal, options));
}

async function serve(terminal: Terminal, options: RegistryServerOptions): Promise<void> {
  const stop = stopSignal();
  const stateDir = resolve(terminal.cwd, options.stateDir);
  // Loaded here, so that commands that only talk to a registry do not load one.
  const { createRegistry } = await import("@sluice/registry");
  const registry = await createRegistry({ stateDir, address: options.address });
  terminal.err(
    `registry and console on http://${registry.address}; the admin token is in ${registry.tokenFiles.admin}`,
  );
  await stop;
  await registry.close();
}
