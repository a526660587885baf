// Reads the documents a proxy is started and reloaded with. Relative paths start at the document's folder.

import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { SluiceError } from "@sluice/abi";
import { parseDeployment, parseMachine, sha256 } from "../contract/index.ts";
import type { Deployment, Machine, Revision } from "../contract/index.ts";
import { PROXY_ERRORS } from "../errors.ts";

export interface MachineFile {
  readonly machine: Machine;
  /** Folder of sluice.yaml. */
  readonly folder: string;
  /** `machine.stateDir`, absolute. */
  readonly stateDir: string;
}

/** Is told of each file before it is read, absolute. */
export type Reads = (file: string) => void;

/** Throws E2001, or `DocumentError` with every problem by line. */
export async function readMachine(file: string, reads: Reads = () => undefined): Promise<MachineFile> {
  const folder = dirname(resolve(file));
  reads(resolve(file));
  const machine = parseMachine(await readText(file), file, (name) => {
    reads(resolve(folder, name));
    return readBytes(resolve(folder, name));
  });
  return { machine, folder, stateDir: resolve(folder, machine.stateDir) };
}

export interface DeploymentFile {
  readonly deployment: Deployment;
  readonly folder: string;
}

/** The deployment of a proxy without a registry; null when the machine names none. Throws as `readMachine`. */
export async function readDeploymentFile(
  { machine, folder }: MachineFile,
  reads: Reads = () => undefined,
): Promise<DeploymentFile | null> {
  if (machine.deployment === null) return null;
  const file = resolve(folder, machine.deployment.file);
  reads(file);
  const deployment = parseDeployment(await readText(file), machine.deployment.file, { modules: "files" });
  return { deployment: await withVersions(deployment, dirname(file), reads), folder: dirname(file) };
}

/** Names each module that is a file by what is in it now: so a revision keeps its name when the file changes. */
async function withVersions(deployment: Deployment, folder: string, reads: Reads): Promise<Deployment> {
  const named = async (revision: Revision): Promise<Revision> => {
    if (revision.document !== undefined) reads(resolve(folder, revision.document));
    if (revision.module === undefined) return revision;
    const file = resolve(folder, revision.module);
    reads(file);
    // One that cannot be read is refused with its own sentence when it is loaded.
    const module = await readFile(file).catch(() => null);
    return module === null ? revision : { ...revision, version: sha256(module) };
  };
  const slots = deployment.slots.map(async (slot) => ({
    ...slot,
    revisions: await Promise.all(slot.revisions.map(named)),
  }));
  return { ...deployment, slots: await Promise.all(slots) };
}

/** Throws E2002 when a reload changes what only a restart can change. */
export function refuseRestartNeeds(before: MachineFile, after: MachineFile): void {
  const changed = RESTART_FIELDS.filter(
    (field) => JSON.stringify(before.machine[field]) !== JSON.stringify(after.machine[field]),
  );
  if (changed.length === 0) return;
  throw new SluiceError(
    PROXY_ERRORS.needsRestart,
    `The reload changes ${changed.join(", ")}, which needs a restart; nothing was changed.`,
  );
}

const RESTART_FIELDS = ["node", "stateDir", "workers", "listeners", "admin", "health", "registry", "sinks"] as const;

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

function readBytes(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

function unreadable(file: string, cause: unknown): SluiceError {
  const why = (cause as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file" : (cause as Error).message;
  return new SluiceError(PROXY_ERRORS.documentMissing, `${file} cannot be read: ${why}.`, { cause });
}
