// Which registry a command talks to and with which token: option, environment, then .sluice in the working folder or above.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
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
  const address = registryAddress(terminal, options, defaultAddress);
  return new RegistryClient({ address, token: findToken(terminal) });
}

/** What the option or the environment names, else `otherwise`. Throws SLUICE-E5001 when it is no address. */
export function registryAddress(terminal: Terminal, options: RegistryOptions, otherwise: string): string {
  const address = options.registry ?? terminal.env["SLUICE_REGISTRY"] ?? otherwise;
  if (/^https?:\/\//.test(address) && URL.canParse(address)) return address;
  throw new SluiceError(BIN_ERRORS.usage, `"${address}" is not a registry's address; write ${defaultAddress}.`);
}

/** SLUICE_TOKEN, else the nearest .sluice/admin.token. Throws SLUICE-E5004. */
export function findToken(terminal: Terminal): string {
  const token = writtenToken(terminal);
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new SluiceError(BIN_ERRORS.noToken, "The token holds a character that no token has, such as a line end.");
}

function writtenToken(terminal: Terminal): string {
  const fromEnv = terminal.env["SLUICE_TOKEN"];
  if (fromEnv !== undefined && fromEnv !== "") return fromEnv.trim();
  const file = tokenFileFrom(terminal.cwd);
  if (file !== null) return readFileSync(file, "utf8").trim();
  throw new SluiceError(
    BIN_ERRORS.noToken,
    `SLUICE_TOKEN is not set, and neither ${terminal.cwd} nor a folder above it has .sluice/admin.token.`,
  );
}

// Also from above: an author works in a filter's folder inside the one where the registry runs.
export function tokenFileFrom(folder: string): string | null {
  const file = join(folder, ".sluice/admin.token");
  if (existsSync(file)) return file;
  const above = dirname(folder);
  return above === folder ? null : tokenFileFrom(above);
}
