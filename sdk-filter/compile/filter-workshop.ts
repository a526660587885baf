// Builds and tests a filter again and again, in a thread of its own: the compiler stays loaded and warm, which a build in a new
// process pays seconds for, and whoever waits can still hear a Ctrl-C.

import { Worker } from "node:worker_threads";
import { errorOf } from "@sluice/abi";
import type { Refusal } from "@sluice/abi";
import type { SpecResult } from "../as-pect/run-specs.ts";
import type { BuiltFilter } from "./build-filter.ts";
import type { TestReport } from "./test-filter.ts";

/** What the thread is asked. */
export interface WorkshopJob {
  readonly name: "warm" | "build" | "test" | "specs";
  readonly folder: string;
}

export type WorkshopAnswer =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly refusal: Refusal }
  | { readonly ok: false; readonly error: unknown };

export class FilterWorkshop {
  readonly #thread = new Worker(new URL("./workshop-thread.ts", import.meta.url), { name: "workshop" });
  #turn: Promise<unknown> = Promise.resolve();

  /** Loads the compiler, so that the first build does not wait for it. */
  warm(): void {
    this.#ask("warm", "").catch(() => undefined);
  }

  /** As `buildFilter`, of what has changed. */
  build(folder: string): Promise<BuiltFilter> {
    return this.#ask("build", folder) as Promise<BuiltFilter>;
  }

  /** As `testFilter`: the request files. */
  test(folder: string): Promise<TestReport> {
    return this.#ask("test", folder) as Promise<TestReport>;
  }

  /** As `runSpecs`: the specs written in AssemblyScript. */
  specs(folder: string): Promise<readonly SpecResult[]> {
    return this.#ask("specs", folder) as Promise<readonly SpecResult[]>;
  }

  /** Ends the thread, whatever it is at. What was asked and not answered is never answered. */
  async close(): Promise<void> {
    await this.#thread.terminate();
  }

  #ask(name: WorkshopJob["name"], folder: string): Promise<unknown> {
    const answer = this.#turn.then(() => this.#answer({ name, folder }));
    this.#turn = answer.catch(() => undefined);
    return answer;
  }

  #answer(job: WorkshopJob): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const onError = (error: unknown): void => reject(error);
      this.#thread.once("error", onError);
      this.#thread.once("message", (answer: WorkshopAnswer) => {
        this.#thread.off("error", onError);
        if (answer.ok) resolve(answer.result);
        else reject("refusal" in answer ? errorOf(answer.refusal) : answer.error);
      });
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      this.#thread.postMessage(job);
    });
  }
}
