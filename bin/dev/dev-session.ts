// An author's session: at every save build, test, push and deploy, one save after the other; what fails at any step leaves
// the last good revision in charge. The end puts the slot back.

import { existsSync, globSync, readFileSync } from "node:fs";
import { SluiceError, readDocument } from "@sluice/abi";
import type { Slot } from "@sluice/proxy/contract";
import { FilterWorkshop, readFilterFolder } from "@sluice/sdk-filter";
import type { BuiltFilter, FilterFolder, TestReport } from "@sluice/sdk-filter";
import { ApiRefusal } from "../api-caller.ts";
import { BIN_ERRORS } from "../errors.ts";
import { pushPartsOf } from "../filter-folder.ts";
import { awaitFleet, requireApplied } from "../fleet.ts";
import type { DeploymentDraft, RegistryClient } from "../registry-client.ts";
import { compilerProblems } from "./compiler-messages.ts";
import type { DevEvent, DevStep, SlotFate } from "./dev-event.ts";
import { devSlot, devTag, isDevSlot, slotNamed, withSlot, withoutDev } from "./dev-slot.ts";
import { writeAttemptsMax } from "./limits.ts";

const deploymentName = "default";
const preconditionFailed = 412;

export interface DevPlan {
  readonly folder: string;
  /** Absolute; null: the example in filter.yaml. */
  readonly configFile: string | null;
  readonly client: RegistryClient;
  readonly tell: (event: DevEvent) => void;
}

/** What of ours serves. */
interface Serving {
  readonly deployment: number;
  readonly version: string;
  readonly pluginConfig: unknown;
}

export class DevSession {
  readonly #plan: DevPlan;
  readonly #name: string;
  /** The slot before the session; null when there was none, or only what a killed session left. */
  readonly #before: Slot | null;
  readonly #workshop = new FilterWorkshop();
  /** For specs: a compiler run of their own, beside the build. */
  #specWorkshop: FilterWorkshop | null = null;
  /** Null before the first, and after one that not every proxy took. */
  #serving: Serving | null = null;
  #lastGood: number | null = null;
  #writing: Promise<unknown> = Promise.resolve();
  #isStopping = false;
  #turn: Promise<void> = Promise.resolve();
  #waiting: { savedAtMs: number | null } | null = null;

  /** Throws when there is no filter in the folder, or nobody answers. Starts loading the compiler. */
  static async open(plan: DevPlan): Promise<DevSession> {
    const { name } = await readFilterFolder(plan.folder);
    const current = await plan.client.deployment(deploymentName);
    const present = current === null ? null : slotNamed(current, name);
    return new DevSession(plan, name, present === null || isDevSlot(present) ? null : present);
  }

  private constructor(plan: DevPlan, name: string, before: Slot | null) {
    this.#plan = plan;
    this.#name = name;
    this.#before = before;
    this.#workshop.warm();
  }

  get slot(): string {
    return this.#name;
  }

  /** Takes the folder as it is now; saves that come while one is worked on become one more. Rejects for what is no refusal. */
  save(savedAtMs: number | null): Promise<void> {
    if (this.#waiting !== null) return this.#turn;
    const round = { savedAtMs };
    this.#waiting = round;
    this.#turn = this.#turn.then(async () => {
      this.#waiting = null;
      if (!this.#isStopping) await this.#round(round.savedAtMs);
    });
    return this.#turn;
  }

  /** Lets no further step begin, waits for a write that is under way, and puts the slot back. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all([this.#workshop.close(), this.#specWorkshop?.close()]);
    await this.#writing;
    const end = await this.#write((current) => withoutDev(current, this.#name, this.#before));
    if (end !== null) await awaitFleet(this.#plan.client, end);
    this.#plan.tell({ event: "stopped", slot: this.#fate(end), deployment: end });
  }

  #fate(end: number | null): SlotFate {
    if (end === null) return this.#lastGood === null ? "none" : "left";
    return this.#before === null ? "removed" : "restored";
  }

  async #round(savedAtMs: number | null): Promise<void> {
    const step: { now: DevStep } = { now: "build" };
    try {
      await this.#serve(savedAtMs, step);
    } catch (error) {
      if (this.#isStopping) return;
      if (!(error instanceof SluiceError)) throw error;
      this.#plan.tell(refusal(error, step.now, this.#lastGood));
    }
  }

  async #serve(savedAtMs: number | null, step: { now: DevStep }): Promise<void> {
    const { folder, client, tell } = this.#plan;
    const filter = await this.#readFolder();
    const specs = this.#startSpecs();
    const built = await this.#workshop.build(folder);
    step.now = "test";
    const tests = await this.#test(filter, specs);
    step.now = "config";
    const pluginConfig = this.#readConfig(filter);
    step.now = "push";
    const { version } = await client.push(this.#name, pushPartsOf(filter), devTag);
    const serving = this.#serving;
    if (serving?.version === version && isSame(serving.pluginConfig, pluginConfig)) {
      tell({ event: "unchanged", deployment: serving.deployment });
      return;
    }
    if (this.#isStopping) return;
    step.now = "deploy";
    this.#serving = null;
    const deployment = await this.#deploy(filter, version, pluginConfig);
    const fleet = await awaitFleet(client, deployment);
    requireApplied(fleet, deployment);
    this.#serving = { deployment, version, pluginConfig };
    this.#lastGood = deployment;
    const servedMs = savedAtMs === null ? null : performance.now() - savedAtMs;
    tell({ event: "served", deployment, version, servedMs, ...facts(built, tests), proxies: fleet.applied });
  }

  async #readFolder(): Promise<FilterFolder> {
    const filter = await readFilterFolder(this.#plan.folder);
    if (filter.name === this.#name) return filter;
    throw new SluiceError(
      BIN_ERRORS.devRenamed,
      `filter.yaml names "${filter.name}"; this session serves "${this.#name}".`,
    );
  }

  /** Null when there are none. */
  #startSpecs(): Promise<string[]> | null {
    const { folder } = this.#plan;
    if (globSync("assembly/**/*.spec.ts", { cwd: folder }).length === 0) return null;
    this.#specWorkshop ??= new FilterWorkshop();
    const specs = this.#specWorkshop
      .specs(folder)
      .then((results) =>
        results.flatMap(({ groups, name, failure }) =>
          failure === null ? [""] : [`${[...groups, name].join(" › ")}: ${failure}`],
        ),
      );
    // Waited for after the build, whose refusal comes first.
    specs.catch(() => undefined);
    return specs;
  }

  async #test(filter: FilterFolder, specs: Promise<string[]> | null): Promise<Tested> {
    const report = filter.requestFiles.length === 0 ? null : await this.#workshop.test(this.#plan.folder);
    const specResults = (await specs) ?? [];
    const problems = [...(report === null ? [] : failedCases(report)), ...specResults.filter((line) => line !== "")];
    if (problems.length > 0) throw new SluiceError(BIN_ERRORS.testsFailed, problems.join("\n"));
    return { tests: (report?.passed ?? 0) + specResults.length, fuelMax: report?.fuelMax ?? 0 };
  }

  #readConfig(filter: FilterFolder): unknown {
    const file = this.#plan.configFile;
    if (file === null) return filter.document.exampleConfig;
    if (!existsSync(file)) throw new SluiceError(BIN_ERRORS.fileUnreadable, `"${file}" is not there.`);
    return readDocument(readFileSync(file, "utf8"), { file, schema: {} });
  }

  async #deploy({ document }: FilterFolder, version: string, pluginConfig: unknown): Promise<number> {
    const slot = devSlot(this.#before, {
      name: this.#name,
      phase: document.phase ?? "OTHER",
      version,
      pluginConfig,
      capabilities: document.capabilities,
    });
    const number = await this.#write((current) => withSlot(current, slot));
    if (number !== null) return number;
    throw new SluiceError(BIN_ERRORS.unknownSlot, "There is no deployment to change.");
  }

  /** Writes what `change` makes of the deployment in force and answers its number; null when there is nothing to change. */
  #write(change: (current: StoredOrEmpty) => DeploymentDraft | null): Promise<number | null> {
    const written = this.#writeAgain(change, writeAttemptsMax);
    this.#writing = written.catch(() => undefined);
    return written;
  }

  async #writeAgain(
    change: (current: StoredOrEmpty) => DeploymentDraft | null,
    attempts: number,
  ): Promise<number | null> {
    const { client } = this.#plan;
    const current = await client.deployment(deploymentName);
    const draft = change(current ?? emptyDeployment);
    if (draft === null) return null;
    try {
      return (await client.deploy(draft, current?.number ?? 0, { dryRun: false })).number;
    } catch (error) {
      const isStale = error instanceof ApiRefusal && error.status === preconditionFailed;
      if (!isStale || attempts <= 1) throw error;
      return this.#writeAgain(change, attempts - 1);
    }
  }
}

/** What a deployment is before the first. */
export const emptyDeployment: DeploymentDraft = {
  apiVersion: "sluice/v1",
  kind: "Deployment",
  name: deploymentName,
  targets: { matchLabels: {} },
  slots: [],
};

type StoredOrEmpty = Parameters<typeof withSlot>[0];

interface Tested {
  readonly tests: number;
  readonly fuelMax: number;
}

function facts(
  built: BuiltFilter,
  tested: Tested,
): Tested & { buildMs: number; wasmBytes: number; warnings: string[] } {
  const { durationMs, isFresh, sizes, warnings } = built;
  const said = warnings === "" ? [] : compilerProblems(warnings);
  return { ...tested, buildMs: isFresh ? 0 : durationMs, wasmBytes: sizes.wasmBytes, warnings: said };
}

function failedCases(report: TestReport): string[] {
  return report.files.flatMap(({ file, cases }) =>
    cases
      .filter(({ ok }) => !ok)
      .flatMap(({ name, failures, logs }) => [
        `${file}: ${name}`,
        ...failures.map((failure) => `  ${failure}`),
        ...logs.map((log) => `  log: ${log}`),
      ]),
  );
}

function refusal(error: SluiceError, step: DevStep, serving: number | null): DevEvent {
  const { code, message, hint } = error.toJSON();
  const problems = step === "build" ? compilerProblems(message) : message.split("\n");
  return { event: "refused", step, code, message, hint, problems, serving };
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
