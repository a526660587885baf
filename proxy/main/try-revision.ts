// How a revision is tried before a worker gets it: a version in a child process, for compiling is not contained; a
// configuration of a version that has survived there in the loader thread of this process.

import { pluginConfigBytes } from "@sluice/abi";
import type { ModuleTrials, PluginSpec } from "@sluice/abi";
import { FILTER_DEPTH_DEFAULT, filterLimits, grantedCapabilities } from "../contract/index.ts";
import type { Revision } from "../contract/index.ts";
import { REHEARSAL_MS, SMALL_MODULE_BYTES, SMALL_REHEARSAL_MS } from "../loader/limits.ts";
import type { LoaderThread } from "../loader/loader-thread.ts";
import type { CompiledVersion, LoadSteps, VersionTrial } from "./revision-loader.ts";
import type { FilterVersion } from "./version-source.ts";

const PAGE_BYTES = 65_536;

export function loadSteps(trials: ModuleTrials, loader: LoaderThread): LoadSteps {
  return {
    tryVersion: (version, revision) => {
      // Needed as soon as the child is through.
      loader.warm();
      return tryVersion(trials, version, revision);
    },
    compile: (module, memoryBytes) => loader.compile(module, Math.floor(memoryBytes / PAGE_BYTES)),
    configure: (version, revision) => loader.start(version.artifact, trialSpec(version, revision)),
    rehearse: async (version, revision) => {
      const withinMs = version.moduleBytes <= SMALL_MODULE_BYTES ? SMALL_REHEARSAL_MS : REHEARSAL_MS;
      const { startMs } = await loader.rehearse(version.artifact, trialSpec(version, revision), withinMs);
      return startMs;
    },
  };
}

/** Reads, compiles, starts and configures in a child process. */
async function tryVersion(
  trials: ModuleTrials,
  { module, document }: FilterVersion,
  revision: Revision,
): Promise<VersionTrial> {
  const { refusal, compileMs } = await trials.try({
    module,
    pluginConfig: pluginConfigBytes(revision.pluginConfig),
    filter: document,
    name: revision.filter,
    requests: [],
    capabilities: revision.capabilities ?? [],
    limits: filterLimits(revision),
    environment: revision.environment ?? {},
  });
  return { refusal, isCompiled: compileMs > 0 };
}

/** The revision as a slot of its filter's name would have it: which slots it will be in does not matter to a start. */
function trialSpec({ version, document }: CompiledVersion, revision: Revision): PluginSpec {
  const name = revision.filter;
  return {
    slot: name,
    filter: name,
    version,
    revision: version,
    pluginName: name,
    rootId: name,
    vmId: name,
    pluginConfig: pluginConfigBytes(revision.pluginConfig),
    vmConfig: new Uint8Array(0),
    environment: revision.environment ?? {},
    capabilities: grantedCapabilities(revision),
    limits: { ...filterLimits(revision), depth: FILTER_DEPTH_DEFAULT },
    isolation: "stream",
    requiresCheck: document?.requires?.includes("check") === true,
    bodyCallbacks: document?.body === "none" ? "none" : "all",
  };
}
