// How a revision is tried before it enters this process, and made ready for the workers after.

import { setFlagsFromString } from "node:v8";
import { errorOf, pluginConfigBytes, prepareModule } from "@sluice/abi";
import type { ModuleArtifact, ModuleTrials } from "@sluice/abi";
import { filterLimits } from "../contract/index.ts";
import type { Revision } from "../contract/index.ts";
import type { FilterVersion } from "./version-source.ts";

const PAGE_BYTES = 65_536;

/** Starts and configures the revision in a child process. Throws the SluiceError of a refusal. */
export async function tryRevision(
  trials: ModuleTrials,
  { module, document }: FilterVersion,
  revision: Revision,
): Promise<void> {
  const { refusal } = await trials.try({
    module,
    pluginConfig: pluginConfigBytes(revision.pluginConfig),
    filter: document,
    requests: [],
    capabilities: revision.capabilities ?? [],
    limits: filterLimits(revision),
  });
  if (refusal !== null) throw errorOf(refusal);
}

/**
 * Inspects, meters and compiles for good, every function at once: compiled at its first call, a function would hold up
 * the worker that makes it. Threads that get the module share the code. Throws the SluiceError of a refusal.
 */
export function prepareArtifact(module: Uint8Array, memoryBytesMax: number): ModuleArtifact {
  setFlagsFromString("--no-wasm-lazy-compilation");
  return prepareModule(module, { memoryPagesMax: Math.floor(memoryBytesMax / PAGE_BYTES) });
}
