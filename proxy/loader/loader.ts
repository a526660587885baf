// The entry of the loader thread: compiles modules that a child process has survived, and starts them with
// configurations, so that neither main nor a worker waits for it. It serves nothing.

import { setFlagsFromString } from "node:v8";
import { parentPort, workerData } from "node:worker_threads";
import {
  AnyQuotas,
  MemoryQueues,
  Plugin,
  SharedData,
  SILENT_CALLOUTS,
  SluiceError,
  createSharedDataBuffer,
  prepareModule,
} from "@sluice/abi/load";
import type { HostServices, ModuleArtifact, PluginSpec, SharedDataStore } from "@sluice/abi";
import { SlabMetrics } from "../counters/filter-metrics.ts";
import { FILTER_METRIC_CELLS } from "../counters/limits.ts";
import { pluginServices } from "../worker/plugin-services.ts";
import type { FromLoader, LoaderStart, Rehearsal, ToLoader } from "./messages.ts";
import { rehearse } from "./rehearsal.ts";

const port = parentPort!;
// Every function is compiled at once: compiled at its first call, it would hold up the worker that makes it. Threads that
// get the module share the code. The flag is one of the process.
setFlagsFromString("--no-wasm-lazy-compilation");
port.on("message", (message: ToLoader) => tell(answerTo(message)));
tell({ type: "ready" });

function answerTo(message: ToLoader): FromLoader {
  try {
    if (message.type === "compile") {
      const { module, memoryPagesMax } = message;
      return { type: "compiled", artifact: prepareModule(module, { memoryPagesMax }) };
    }
    if (message.type === "rehearse") return { type: "rehearsed", rehearsal: rehearseOnce(message) };
    startOnce(message.artifact, message.spec);
    return { type: "started" };
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    return { type: "refused", refusal: error.toJSON() };
  }
}

/** With a worker's own services, but a store that nobody else sees and that is gone afterwards. */
function startOnce(artifact: ModuleArtifact, spec: PluginSpec): void {
  const plugin = new Plugin(artifact, spec, services());
  plugin.start();
  plugin.close();
}

function rehearseOnce({ artifact, spec, withinMs }: Extract<ToLoader, { type: "rehearse" }>): Rehearsal {
  const plugin = new Plugin(artifact, spec, services());
  const beganMs = performance.now();
  plugin.start();
  const startMs = performance.now() - beganMs;
  const streams = rehearse(plugin, withinMs);
  plugin.close();
  return { startMs, streams };
}

function services(): HostServices {
  return pluginServices({
    ...(workerData as LoaderStart),
    metrics: new SlabMetrics(new Float64Array(FILTER_METRIC_CELLS), [], () => undefined),
    sharedData: new OwnSharedData(),
    queues: new MemoryQueues(NO_TIMERS),
    quotas: new AnyQuotas(),
    callouts: SILENT_CALLOUTS,
    log: () => undefined,
    ticks: false,
  });
}

/** Nobody is told of an item while it is found out whether a plugin starts. */
const NO_TIMERS = { schedule(): void {}, cancel(): void {} };

/** The shared store, empty; made when it is used, since it takes 4 MiB and few filters use it at configure. */
class OwnSharedData implements SharedDataStore {
  private made: SharedData | null = null;

  get roomMadeBytes(): number {
    return this.made?.roomMadeBytes ?? 0;
  }

  get(...asked: Parameters<SharedData["get"]>): ReturnType<SharedData["get"]> {
    return this.store.get(...asked);
  }

  set(...asked: Parameters<SharedData["set"]>): ReturnType<SharedData["set"]> {
    return this.store.set(...asked);
  }

  private get store(): SharedData {
    this.made ??= new SharedData(createSharedDataBuffer(), { index: 0, epoch: 0 });
    return this.made;
  }
}

function tell(message: FromLoader): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  port.postMessage(message);
}
