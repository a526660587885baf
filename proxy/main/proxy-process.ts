// The proxy process put together: documents → control → workers, with admin port, sinks and registry beside them.
// What each part does stands in its own file; here is only who is told what.

import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ModuleTrials, SluiceError } from "@sluice/abi";
import type { Logger } from "pino";
import type { Deployment, Digest, Machine } from "../contract/index.ts";
import { RevisionRows } from "../counters/revision-rows.ts";
import { EndpointWatch } from "../endpoints/endpoint-watch.ts";
import { PROXY_ERRORS } from "../errors.ts";
import { LoaderThread } from "../loader/loader-thread.ts";
import { descriptorBudget, descriptorLimit, withinBudget } from "../overload/descriptor-budget.ts";
import type { DescriptorBudget } from "../overload/descriptor-budget.ts";
import { ProfileDesk } from "../profile/profile-desk.ts";
import type { ReportSink } from "../record/report-sink.ts";
import { BlobCache } from "../registry-client/blob-cache.ts";
import { KeptDeployment } from "../registry-client/kept-deployment.ts";
import type { RegistryApi } from "../registry-client/registry-api.ts";
import { RegistryLink } from "../registry-client/registry-link.ts";
import { RegistryTails } from "../tail/registry-tails.ts";
import { TailHub } from "../tail/tail-hub.ts";
import { SPLIT_SECRET_FILE, SplitSecret } from "../split/split-secret.ts";
import { SpanExporter } from "../tracing/span-exporter.ts";
import type { SnapshotPlan } from "../snapshot/plan.ts";
import { ACCEPTS_PER_TURN } from "../transport/limits.ts";
import { AdminPorts } from "./admin-ports.ts";
import { Backoff } from "./backoff.ts";
import { Control } from "./control.ts";
import { DocumentWatch } from "./document-watch.ts";
import { readDeploymentFile, readMachine, refuseRestartNeeds } from "./documents.ts";
import type { MachineFile } from "./documents.ts";
import { REPLACED_IDLE_MS } from "./limits.ts";
import { createLog, logLoweredBounds } from "./log.ts";
import { openSinks, registryApi } from "./neighbours.ts";
import { OverrideBook } from "./override-book.ts";
import { OverrideDesk } from "./override-desk.ts";
import { proxyStatus } from "./proxy-status.ts";
import { FILTER_LOG_LEVEL, openWorkerPool } from "./proxy-workers.ts";
import { RevisionLoader } from "./revision-loader.ts";
import { RollingReplacement } from "./rolling-replacement.ts";
import type { ReplacementProgress } from "./rolling-replacement.ts";
import { Serial } from "./serial.ts";
import { SlotHistory } from "./slot-history.ts";
import type { StepTimes } from "./step-times.ts";
import type { SocketSource } from "./supervisor-link.ts";
import { loadSteps } from "./try-revision.ts";
import { CachedVersions, FileVersions, blobsOfVersions } from "./version-source.ts";
import type { VersionSource } from "./version-source.ts";
import type { Prepared } from "./worker-handle.ts";
import { WorkerMemory } from "./worker-memory.ts";
import { workerPlaces } from "./worker-pool.ts";
import type { WorkerPool } from "./worker-pool.ts";

export interface ProxyProcessOptions {
  readonly configFile: string;
  readonly sockets: SocketSource;
  /** Number of a deployment to go without; 0: none. */
  readonly without: number;
  /** Reload by itself when a file that a reload would read changes. */
  readonly watch: boolean;
  /** Ends the process; what `POST /drain` and a hopeless fault call. */
  readonly stop: () => void;
}

export class ProxyProcess {
  readonly memory: WorkerMemory;
  /** Nobody outside can guess it: a request that names it is a copy that this process made. */
  readonly mirrorOrigin = `sluice-${randomBytes(16).toString("hex")}`;
  readonly rows: RevisionRows;
  readonly sinks: readonly ReportSink[];
  readonly pool: WorkerPool;
  readonly replacement: RollingReplacement;
  readonly profiles: ProfileDesk;
  readonly endpoints = new EndpointWatch({
    changed: () => this.pool.tellEndpoints(this.endpoints.news),
    note: (sentence, isBad) => (isBad ? this.log.warn(sentence) : this.log.info(sentence)),
  });
  readonly tails = new TailHub((isWanted) => this.pool.wantRecords(isWanted || this.sinks.length > 0));
  private registryTails: RegistryTails | null = null;
  readonly spans: SpanExporter;
  readonly control: Control;
  readonly book: OverrideBook;
  readonly overrides: OverrideDesk;
  private readonly trials = new ModuleTrials({ isQuiet: () => !this.control.isBusy });
  private readonly loader: LoaderThread;
  readonly log: Logger;
  link: RegistryLink | null = null;
  isDraining = false;
  /** Drains and ends the process. */
  readonly endProcess: () => void;
  private readonly configFile: string;
  private readonly sockets: SocketSource;
  private readonly cached: CachedVersions;
  private readonly cache: BlobCache;
  private readonly kept: KeptDeployment;
  private readonly history: SlotHistory;
  private readonly admins = new AdminPorts();
  private readonly splitSecret: SplitSecret;
  private file: MachineFile;
  /** How many connections fit under the process's limit of descriptors. */
  descriptors: DescriptorBudget;
  /** Files that a reload reads, absolute. */
  private documents: ReadonlySet<string> = new Set();
  private readonly reloads = new Serial();
  private readonly watch: DocumentWatch | null;
  private stopped: Promise<void> | null = null;
  private readonly abandoned = new AbortController();

  /** Who it is; no reload changes that. */
  get node(): Machine["node"] {
    return this.file.machine.node;
  }

  /** Resolves when the first snapshot serves. Throws the SluiceError that says why it cannot. */
  static async open(options: ProxyProcessOptions): Promise<ProxyProcess> {
    const read = new Set<string>();
    const file = await readMachine(options.configFile, (name) => read.add(name));
    const deployment = await readDeploymentFile(file, (name) => read.add(name));
    mkdirSync(file.stateDir, { recursive: true, mode: 0o700 });
    // Compiled code of our own sources: workers, trial children and, by the supervisor, later processes start twice as fast.
    process.env["NODE_COMPILE_CACHE"] ??= join(file.stateDir, "compile-cache");
    const splitSecret = await SplitSecret.open(join(file.stateDir, SPLIT_SECRET_FILE));
    const proxy = new ProxyProcess(options, file, splitSecret);
    proxy.documents = read;
    await proxy.start(deployment);
    return proxy;
  }

  private constructor(options: ProxyProcessOptions, file: MachineFile, splitSecret: SplitSecret) {
    const { machine, folder, stateDir } = file;
    const workers = workersOf(machine);
    this.configFile = options.configFile;
    this.sockets = options.sockets;
    this.endProcess = options.stop;
    this.watch = options.watch ? this.documentWatch() : null;
    this.file = file;
    this.splitSecret = splitSecret;
    this.log = createLog(machine.node.id);
    this.spans = new SpanExporter({ nodeId: machine.node.id, log: this.log });
    this.loader = new LoaderThread({ nodeId: machine.node.id, logLevel: FILTER_LOG_LEVEL });
    this.descriptors = this.budgetOf(machine);
    this.memory = new WorkerMemory(workerPlaces(workers));
    this.rows = new RevisionRows(this.memory.slabs);
    this.sinks = openSinks(machine, folder);
    this.kept = new KeptDeployment(join(stateDir, "deployment.json"), options.without);
    const api = registryApi(file);
    this.cache = new BlobCache(join(stateDir, "cache"), { roots: () => this.cacheRoots() });
    this.cached = new CachedVersions(this.cache, {
      fetch: api === null ? null : (digest) => api.blob(digest),
      notKept: (digest, err) =>
        this.log.error({ err, digest }, "a blob could not be kept on disk; it serves all the same"),
    });
    this.pool = openWorkerPool(this, workers, this.sockets);
    this.replacement = new RollingReplacement(this.pool, this.log);
    this.profiles = new ProfileDesk((index) => this.pool.workerAt(index));
    this.control = new Control(fitted(machine, this.descriptors), {
      loader: new RevisionLoader(loadSteps(this.trials, this.loader)),
      rows: this.rows,
      quotas: this.memory.quotaBook,
      without: options.without,
      log: this.log,
      publish: (plan, times) => this.publish(plan, times),
      splitSecret: () => this.splitSecret.bytes,
      changed: () => {
        this.sockets.tellServing(this.control.serving?.plan.number ?? 0);
        this.link?.post();
      },
      applied: (deployment) => this.keep(deployment),
    });
    this.history = new SlotHistory(join(stateDir, "slot-history.json"));
    this.book = new OverrideBook(join(stateDir, "overrides.json"), this.log);
    this.overrides = new OverrideDesk({
      control: this.control,
      book: this.book,
      history: this.history,
      log: this.log,
      changed: () => this.link?.post(),
    });
    if (api !== null) this.link = this.registryLink(api);
  }

  private budgetOf(machine: Machine): DescriptorBudget {
    const { limits, listeners } = machine;
    const listening = listeners.length * workersOf(machine) * ACCEPTS_PER_TURN;
    const budget = descriptorBudget(limits, { listeners: listeners.length, listening }, descriptorLimit());
    if (budget.isLowered) logLoweredBounds(this.log, budget);
    return budget;
  }

  private async start(deployment: Awaited<ReturnType<typeof readDeploymentFile>>): Promise<void> {
    const ports = await this.openSockets();
    const { machine } = this.file;
    const adminPorts = await this.admins.open(this, this.file);
    const source = deployment === null ? this.cached : this.sourceOf(deployment.folder);
    await this.history.open((why) => this.log.warn(`what slots were before cannot be read and is forgotten: ${why}`));
    await this.overrides.open();
    const { isExposed, file } = this.splitSecret;
    if (isExposed) this.log.warn(`${file} can be read by others: who knows it can choose his side of a split`);
    (await this.spans.prepare(machine.tracing?.otlp ?? null, this.file.folder))();
    await this.pool.open();
    await this.control.open(deployment?.deployment ?? (await this.readKept()), source, this.book.inForce);
    this.link?.start();
    await this.watch?.open();
    const facts = { pid: process.pid, listeners: ports, ...adminPorts };
    await writeFile(join(this.file.stateDir, `proxy-${machine.node.id}.json`), `${JSON.stringify(facts)}\n`);
    this.sockets.tellReady(facts);
    this.log.info(facts, "the proxy serves");
  }

  /** Rereads both documents; throws the SluiceError of a refusal, and then nothing has changed. */
  reload(): Promise<void> {
    return this.reloads.run(() => this.reloadNow());
  }

  /** For those who cannot be answered: the log says what came of it. */
  async reloadBecause(why: string): Promise<void> {
    try {
      await this.reload();
      this.log.info(`reloaded: ${why}`);
    } catch (error) {
      const { code, message } = error as SluiceError;
      this.log.error({ code }, `reload refused (${why}), everything stays as it was: ${message}`);
    }
  }

  private async reloadNow(): Promise<void> {
    const read = new Set<string>();
    try {
      const file = await readMachine(this.configFile, (name) => read.add(name));
      refuseRestartNeeds(this.file, file);
      const deployment = await readDeploymentFile(file, (name) => read.add(name));
      const source = deployment === null ? this.cached : this.sourceOf(deployment.folder);
      const sendSpans = await this.spans.prepare(file.machine.tracing?.otlp ?? null, file.folder);
      const budget = this.budgetOf(file.machine);
      await this.control.reload(fitted(file.machine, budget), deployment?.deployment ?? null, source);
      sendSpans();
      this.descriptors = budget;
      this.file = file;
      this.documents = read;
    } catch (error) {
      // What mends it may be a file of either: the refused documents' or those of before.
      this.documents = new Set([...this.documents, ...read]);
      throw error;
    }
  }

  private documentWatch(): DocumentWatch {
    return new DocumentWatch({
      files: () => [...this.documents],
      changed: () => this.reloadBecause("a watched file changed"),
    });
  }

  /** All workers anew, one after the other; streams may finish as long as on a snapshot that was replaced. */
  replaceWorkers(): Promise<ReplacementProgress> {
    const { drainTimeoutMs } = this.file.machine.limits;
    return this.replacement.run({ deadlineMs: drainTimeoutMs, idleMs: REPLACED_IDLE_MS });
  }

  /**
   * Ends cleanly: not ready, then no new connections, streams may finish within a bound, records are written. Abandoned: its
   * supervisor is gone, and whoever comes next wants the ports, so it does not wait for load balancers.
   */
  stop(isAbandoned = false): Promise<void> {
    if (isAbandoned) this.abandoned.abort();
    this.stopped ??= this.drainAndClose();
    return this.stopped;
  }

  private async drainAndClose(): Promise<void> {
    await this.sayFarewell();
    this.watch?.close();
    this.link?.close();
    this.registryTails?.close();
    this.control.close();
    this.overrides.close();
    this.trials.close();
    this.loader.close();
    this.sockets.close();
    this.endpoints.close();
    await this.pool.drain({ deadlineMs: this.file.machine.drain.timeoutMs, idleMs: 0 });
    this.pool.close();
    await this.spans.close();
    this.admins.close();
    await Promise.all(this.sinks.map((sink) => sink.close()));
  }

  /** Not ready any more, but serving on until load balancers have looked away. */
  private async sayFarewell(): Promise<void> {
    const { delayMs, timeoutMs } = this.file.machine.drain;
    this.isDraining = true;
    this.log.info({ delayMs, timeoutMs, streams: this.memory.exchange()["streamsLive"] }, "the proxy drains");
    this.sockets.tellStopping(delayMs + timeoutMs);
    this.link?.post();
    this.pool.discourage();
    const { signal } = this.abandoned;
    if (delayMs > 0) await sleep(delayMs, undefined, { signal }).catch(() => undefined);
  }

  private async publish(plan: SnapshotPlan, times: StepTimes): Promise<Prepared> {
    const published = await this.pool.publish(plan, times);
    if (published.ok) this.endpoints.serve(plan.clusters);
    return published;
  }

  private async openSockets(): Promise<Readonly<Record<string, number>>> {
    try {
      return await this.sockets.open(this.file.machine.listeners, this.pool.count);
    } catch (cause) {
      throw new SluiceError(PROXY_ERRORS.cannotListen, (cause as Error).message, { cause });
    }
  }

  private registryLink(api: RegistryApi): RegistryLink {
    const tails = new RegistryTails({ hub: this.tails, log: this.log, post: (id, post) => api.postTail(id, post) });
    this.registryTails = tails;
    return new RegistryLink({
      api,
      log: this.log,
      backoff: Backoff,
      status: () => proxyStatus(this),
      taken: ({ overrideEvents }) => void this.book.acknowledge(overrideEvents),
      deployment: (deployment) => void this.control.want(deployment),
      secret: (secret) => this.takeSecret(secret),
      unreadable: (number, error) => this.control.refuse(number, error),
      tail: (lease) => tails.take(lease),
      prepare: (digest) => void this.control.prepare(digest),
    });
  }

  /** What serves is published anew before a deployment that follows, and kept: also a proxy without its registry splits alike. */
  private takeSecret(secret: unknown): void {
    if (!this.splitSecret.take(secret)) return;
    void this.control.renewSplits();
    this.splitSecret.keep().catch((error: unknown) => {
      this.log.error({ err: error }, "the split secret could not be kept on disk for the next start");
    });
  }

  private sourceOf(folder: string): VersionSource {
    return new FileVersions(folder, this.cached);
  }

  private async readKept(): Promise<Deployment | null> {
    if (this.file.machine.registry === null) return null;
    try {
      return await this.kept.read();
    } catch (error) {
      this.log.error({ err: error }, "the deployment kept on disk cannot be read; waiting for the registry");
      return null;
    }
  }

  private async keep(deployment: Deployment): Promise<void> {
    try {
      if (this.file.machine.registry !== null) await this.kept.write(deployment);
      await this.history.remember(deployment);
    } catch (error) {
      this.log.error({ err: error }, "the deployment serves, but could not be kept on disk for the next start");
    }
  }

  /** What serves, what the next start would serve, and what an override may go back to. */
  private async cacheRoots(): Promise<ReadonlySet<Digest>> {
    const serving = this.control.serving?.deployment?.slots ?? [];
    const kept = (await this.readKept())?.slots ?? [];
    const slots = [...serving, ...kept].flatMap((slot) => slot.revisions);
    const revisions = [...slots, ...this.history.revisions, ...this.book.revisions];
    return blobsOfVersions(
      this.cache,
      revisions.flatMap(({ version }) => (version === undefined ? [] : [version])),
    );
  }
}

function workersOf({ workers }: Machine): number {
  return workers === "auto" ? availableParallelism() : workers;
}

function fitted(machine: Machine, budget: DescriptorBudget): Machine {
  return { ...machine, limits: withinBudget(machine.limits, budget) };
}
