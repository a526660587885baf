// Which registry a command talks to and with which token: option, environment, then the working folder's .sluice.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SluiceError } from "@sluice/abi";
import type { Command } from "commander";
import { BIN_ERRORS } from "./errors.ts";
import { RegistryClient } from "./registry-client.ts";
import type { Terminal } from "./terminal.ts";

const defaultAddress = "http://127.0.0.1:9902";

export interface RegistryOptions {
  readonly registry?: string;
}

/** Adds what every command that talks to a registry takes. */
export function withRegistry(command: Command): Command {
  return command
    .option("--registry <url>", `the registry; else SLUICE_REGISTRY, else ${defaultAddress}`)
    .option("--json", "print the result as JSON");
}

export function openRegistry(terminal: Terminal, options: RegistryOptions): RegistryClient {
  const address = options.registry ?? terminal.env["SLUICE_REGISTRY"] ?? defaultAddress;
  if (!URL.canParse(address))
    throw new SluiceError(BIN_ERRORS.usage, `"${address}" is not a registry's address; write ${defaultAddress}.`);
  return new RegistryClient({ address, token: findToken(terminal) });
}

function findToken(terminal: Terminal): string {
  const fromEnv = terminal.env["SLUICE_TOKEN"];
  if (fromEnv !== undefined && fromEnv !== "") return fromEnv.trim();
  const file = join(terminal.cwd, ".sluice/admin.token");
  try {
    return readFileSync(file, "utf8").trim();
  } catch (cause) {
    throw new SluiceError(BIN_ERRORS.noToken, `SLUICE_TOKEN is not set and ${file} cannot be read.`, { cause });
  }
}
