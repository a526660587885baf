// The thread of a FilterWorkshop: keeps the compiler loaded and does one job after the other.

import { parentPort } from "node:worker_threads";
import { SluiceError } from "@sluice/abi";
import { SDK_ERRORS } from "../errors.ts";
import { buildFilter } from "./build-filter.ts";
import { testFilter } from "./test-filter.ts";
import type { WorkshopAnswer, WorkshopJob } from "./filter-workshop.ts";

const jobs = {
  warm: async () => void (await import("assemblyscript/asc")),
  build: (folder: string) => buildFilter(folder, { onlyWhenStale: true }),
  test: (folder: string) => testFilter(folder),
  specs: async (folder: string) => (await loadAsPect()).runSpecs(folder),
};

const port = parentPort!;
port.on("message", async ({ name, folder }: WorkshopJob) => port.postMessage(await answerTo(name, folder)));

/** Loaded when there are specs: who has none need not have as-pect. */
async function loadAsPect(): Promise<typeof import("../as-pect/run-specs.ts")> {
  try {
    return await import("../as-pect/run-specs.ts");
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause && cause.code === "ERR_MODULE_NOT_FOUND")) throw cause;
    throw new SluiceError(SDK_ERRORS.noAsPect, "There are specs, and as-pect is not installed.", { cause });
  }
}

async function answerTo(name: WorkshopJob["name"], folder: string): Promise<WorkshopAnswer> {
  try {
    return { ok: true, result: await jobs[name](folder) };
  } catch (error) {
    // An error's class does not cross to another thread; what a person reads of it does.
    if (error instanceof SluiceError) return { ok: false, refusal: error.toJSON() };
    return { ok: false, error };
  }
}
