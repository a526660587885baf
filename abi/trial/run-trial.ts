// The trial itself, without the process around it: everything a proxy does with a module until its first requests, in
// the same order and with the same code.
import { SluiceError } from "../errors.ts";
import { ABI_ERRORS } from "../error-table.ts";
import { AnyQuotas } from "../quota/any-quotas.ts";
import { MemoryServices } from "../host/memory-services.ts";
import { Plugin } from "../host/plugin.ts";
import { prepareModule, type ModuleArtifact } from "../module/artifact.ts";
import { inspect, type Inspection } from "../module/inspect.ts";
import { MEMORY_PAGES_DEFAULT } from "../module/limits.ts";
import type { Refusal } from "../module/refusal.ts";
import { runRequests, specOf, type RunOptions } from "../requests/run-requests.ts";
import type { TrialCase, TrialInput, TrialReport, TrialStep } from "./trial-report.ts";

const PAGE_BYTES = 65_536;

/** Tries a module here and now; `at` is told of each step before it begins. Throws only what is a mistake of ours. */
export async function runTrial(input: TrialInput, at: (step: TrialStep) => void): Promise<TrialReport> {
  const trial = new Trial(input, at);
  const refusal = await trial.run();
  return trial.report(refusal);
}

class Trial {
  private readonly input: TrialInput;
  private readonly at: (step: TrialStep) => void;
  private readonly options: RunOptions;
  private readonly cases: TrialCase[] = [];
  private readonly startedMs = performance.now();
  private inspection: Inspection | null = null;
  private configured = false;
  private compileMs = 0;

  constructor(input: TrialInput, at: (step: TrialStep) => void) {
    this.input = input;
    this.at = at;
    const { filter, name, capabilities, limits, pluginConfig, environment } = input;
    this.options = {
      filter,
      ...(name === undefined ? {} : { name }),
      ...(pluginConfig === null ? {} : { pluginConfig: Buffer.from(pluginConfig).toString("utf8") }),
      ...(capabilities === undefined ? {} : { capabilities }),
      ...(limits === undefined ? {} : { limits }),
      ...(environment === undefined ? {} : { environment }),
    };
  }

  async run(): Promise<Refusal | null> {
    try {
      return await this.runSteps();
    } catch (error) {
      if (error instanceof SluiceError) return error.toJSON();
      throw error;
    }
  }

  report(refusal: Refusal | null): TrialReport {
    return {
      ok: refusal === null,
      refusal,
      inspection: this.inspection,
      configured: this.configured,
      requests: this.cases,
      fuelMax: this.cases.reduce((dearest, { fuel }) => Math.max(dearest, fuel), 0),
      compileMs: this.compileMs,
      durationMs: Math.round(performance.now() - this.startedMs),
    };
  }

  private async runSteps(): Promise<Refusal | null> {
    this.at("being read");
    const result = inspect(this.input.module, this.memoryBound());
    if (!result.ok) return result.refusal;
    this.inspection = result.inspection;
    this.at("being compiled");
    const artifact = this.compile(result.inspection);
    this.at("starting");
    this.start(artifact);
    this.at("running its requests");
    return await this.runFiles(artifact);
  }

  private memoryBound(): { readonly memoryPagesMax?: number } {
    const bytes = this.input.limits?.memoryBytes;
    return bytes === undefined ? {} : { memoryPagesMax: Math.floor(bytes / PAGE_BYTES) };
  }

  /** At a push no revision's limit is known: a module that starts above the default is tried with what it starts with. */
  private compile({ memory }: Inspection): ModuleArtifact {
    const startedMs = performance.now();
    const memoryPagesMax = Math.max(MEMORY_PAGES_DEFAULT, memory.minPages);
    const artifact = prepareModule(this.input.module, { memoryPagesMax, ...this.memoryBound() });
    this.compileMs = Math.round(performance.now() - startedMs);
    return artifact;
  }

  /** Starts and configures. A filter that refuses to have no configuration is not at fault when none is there to give. */
  private start(artifact: ModuleArtifact): void {
    const config = this.options.pluginConfig ?? this.input.filter?.exampleConfig;
    const plugin = new Plugin(
      artifact,
      specOf(artifact, config, this.options),
      new MemoryServices({ quotaBackend: new AnyQuotas(), calloutScript: () => null }),
    );
    try {
      plugin.start();
      this.configured = true;
      plugin.close();
    } catch (error) {
      const refusedNothing = config === undefined && isCode(error, ABI_ERRORS.guestStartRefused.code);
      if (!refusedNothing) throw error;
    }
  }

  private async runFiles(artifact: ModuleArtifact): Promise<Refusal | null> {
    if (this.input.requests.length === 0) return null;
    // Loaded only now: the document reader is most of what a child would load, and a proxy's trials have no files.
    const { parseRequests } = await import("../requests/request-document.ts");
    for (const { file, text } of this.input.requests) {
      const { cases } = runRequests(artifact, parseRequests(text, file), this.options);
      this.cases.push(...cases.map(({ name, ok, fuel, failures }) => ({ file, name, ok, fuel, failures })));
      this.configured = true;
    }
    const failed = this.cases.filter(({ ok }) => !ok);
    if (failed.length === 0) return null;
    const [{ file, name, failures }] = failed as [TrialCase, ...TrialCase[]];
    const others = failed.length === 1 ? "" : ` (and ${failed.length - 1} more of ${this.cases.length} cases)`;
    const { code, hint } = ABI_ERRORS.trialRequests;
    return { code, hint, message: `${file}, case ${JSON.stringify(name)}: ${failures.join("; ")}${others}` };
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof SluiceError && error.code === code;
}
