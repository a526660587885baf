// Keeps the workers alive: starts them, watches their heartbeats, replaces the dead with back-off, and publishes plans
// to all of them in two phases. One plan is in charge at any time; a worker that joins late takes that one.
//
// A worker has an index, by which operators know it and which says what sockets it listens on, and a place in the shared
// memory that only it writes to. There is one place more than there are workers: so a worker's successor serves already
// while it finishes its streams.

import type { EndpointNews } from "../endpoints/endpoint-news.ts";
import { HEARTBEAT_LOST_MS } from "../worker/limits.ts";
import type { DrainBounds } from "../exchange/drain-bounds.ts";
import type { SnapshotPlan } from "../snapshot/plan.ts";
import type { WorkerHoldings, WorkerListener, WorkerStart } from "../worker/messages.ts";
import { Backoff } from "./backoff.ts";
import {
  HEARTBEAT_CHECK_MS,
  INSPECT_WAIT_MS,
  WORKER_BACKOFF_FIRST_MS,
  WORKER_BACKOFF_MAX_MS,
  WORKER_LIVED_WELL_MS,
  WORKER_START_MS,
} from "./limits.ts";
import { Serial } from "./serial.ts";
import type { StepTimes } from "./step-times.ts";
import { WorkerHandle } from "./worker-handle.ts";
import type { Prepared, WorkerNews } from "./worker-handle.ts";

export interface WorkerPoolOptions {
  readonly count: number;
  /** What a worker starts with; asked anew for each replacement. */
  start(index: number, place: number): WorkerStart;
  sockets(index: number): Promise<readonly WorkerListener[]>;
  news(news: WorkerNews, place: number): void;
  /** A worker died, and what it held (locks, live counts) must be given back. */
  lost(worker: WorkerHandle, reason: string): void;
  /** A worker's successor serves; it finishes its streams. */
  replaced(worker: WorkerHandle): void;
  /** It has; what it held must be given back likewise. */
  retired(worker: WorkerHandle): void;
  listenFailed(sentence: string): void;
}

export interface InspectedWorker {
  readonly worker: WorkerHandle;
  readonly state: "starting" | "serving" | "finishing";
  readonly held: WorkerHoldings | null;
}

/** Places in shared memory for so many workers. */
export function workerPlaces(workers: number): number {
  return workers + 1;
}

export class WorkerPool {
  private readonly options: WorkerPoolOptions;
  private readonly workers: (WorkerHandle | null)[];
  /** Successors that do not serve yet, and replaced ones that finish their streams. */
  private readonly coming = new Set<WorkerHandle>();
  private readonly leaving = new Set<WorkerHandle>();
  private readonly freePlaces: number[];
  private readonly backoffs: Backoff[];
  private readonly serial = new Serial();
  private readonly watch: NodeJS.Timeout;
  private current: SnapshotPlan | null = null;
  private asks = 0;
  private stopping = false;
  private replacements = 0;

  constructor(options: WorkerPoolOptions) {
    this.options = options;
    this.backoffs = Array.from(
      { length: options.count },
      () => new Backoff(WORKER_BACKOFF_FIRST_MS, WORKER_BACKOFF_MAX_MS),
    );
    this.workers = Array.from({ length: options.count }, () => null);
    this.freePlaces = Array.from({ length: workerPlaces(options.count) }, (_, place) => place).toReversed();
    this.watch = setInterval(() => this.checkHeartbeats(), HEARTBEAT_CHECK_MS);
  }

  /** Starts the workers; they listen once a plan is published. */
  async open(): Promise<void> {
    for (let index = 0; index < this.options.count; index++) this.workers[index] ??= this.spawn(index);
    await Promise.all(this.live().map((worker) => worker.ready()));
  }

  /**
   * All prepare, then all switch; one veto and nothing changes. Acts wait for each other. `times` is told of prepare and
   * switch, and of pause: how long traffic of one worker stood still at the most.
   */
  publish(plan: SnapshotPlan, times: StepTimes): Promise<Prepared> {
    return this.serial.run(() => this.publishNow(plan, times));
  }

  /** Ends a worker; another takes its place. False when there is none at that place. */
  replaceWorker(index: number, reason: string): boolean {
    const worker = this.workers[index] ?? null;
    worker?.kill(reason);
    return worker !== null;
  }

  /**
   * Replaces a worker without losing a request: its successor serves before it drains. Resolves when it is gone, with null,
   * or with why it was not replaced. One at a time.
   */
  async renew(index: number, bounds: DrainBounds): Promise<string | null> {
    const old = this.workers[index];
    if (old === undefined || old === null || !old.isServing) return "it does not serve now";
    const successor = this.spawn(index);
    this.coming.add(successor);
    const failed = (await successor.ready()) ? await this.serial.run(() => this.succeed(old, successor)) : "it died";
    if (failed !== null) successor.kill(failed);
    else await this.finish(old, bounds);
    return failed;
  }

  /** Both listen on the same socket for a moment, so nothing that waits in it is lost. */
  private async succeed(old: WorkerHandle, successor: WorkerHandle): Promise<string | null> {
    const { index } = old;
    if (this.stopping || this.current === null || this.workers[index] !== old) return "it is no longer to be replaced";
    const prepared = await successor.prepare(this.current);
    if (!prepared.ok) return `its successor cannot take the snapshot in charge: ${prepared.why.message}`;
    await this.switchTo(successor, this.current);
    if (!successor.isServing) return "its successor does not listen";
    this.workers[index] = successor;
    this.coming.delete(successor);
    this.leaving.add(old);
    return null;
  }

  private async finish(old: WorkerHandle, bounds: DrainBounds): Promise<void> {
    this.options.replaced(old);
    await old.drain(bounds);
    old.kill("it has finished");
    await old.ended;
  }

  get count(): number {
    return this.options.count;
  }

  get servingCount(): number {
    return this.workers.filter((worker) => worker?.isServing === true && worker.generation === this.current?.generation)
      .length;
  }

  get replacedCount(): number {
    return this.replacements;
  }

  /** The one that serves under this index. */
  workerAt(index: number): WorkerHandle | null {
    const worker = this.workers[index] ?? null;
    return worker?.isServing === true ? worker : null;
  }

  /** All that live, with what each holds; null for one that does not answer. By index, the finishing one last. */
  inspect(): Promise<InspectedWorker[]> {
    const ask = ++this.asks;
    const inspected = this.live().map(async (worker) => ({
      worker,
      state: this.stateOf(worker),
      held: await worker.inspect(ask, INSPECT_WAIT_MS),
    }));
    return Promise.all(inspected);
  }

  private stateOf(worker: WorkerHandle): InspectedWorker["state"] {
    if (this.leaving.has(worker)) return "finishing";
    return worker.isServing ? "serving" : "starting";
  }

  /** Tells every worker whether records are made; later ones are told at their start. */
  wantRecords(wanted: boolean): void {
    for (const worker of this.live()) worker.wantRecords(wanted);
  }

  /** Tells every worker what is known of endpoints; later ones are told at their start. */
  tellEndpoints(news: readonly EndpointNews[]): void {
    for (const worker of this.live()) worker.tellEndpoints(news);
  }

  /** Connections end with their next response from now on; new ones are still taken. */
  discourage(): void {
    for (const worker of this.live()) worker.discourage();
  }

  async drain(bounds: DrainBounds): Promise<void> {
    this.stopping = true;
    await Promise.all(this.live().map((worker) => worker.drain(bounds)));
  }

  close(): void {
    this.stopping = true;
    clearInterval(this.watch);
    for (const worker of this.live()) worker.kill("the proxy ends");
  }

  private async publishNow(plan: SnapshotPlan, times: StepTimes): Promise<Prepared> {
    const workers = this.live().filter((worker) => worker.isReady && !this.coming.has(worker));
    const answers = await times.of("prepare", Promise.all(workers.map((worker) => worker.prepare(plan))));
    // One that leaves may end at any moment; it has no say.
    const veto = answers.find((answer, at) => !answer.ok && !this.leaving.has(workers[at]!));
    if (veto !== undefined) {
      for (const worker of workers) worker.abort(plan.generation);
      return veto;
    }
    const pauseMs = Math.max(0, ...answers.map((answer) => (answer.ok ? answer.pauseMs : 0)));
    times.note("pause", pauseMs);
    this.current = plan;
    const prepared = workers.filter((_, at) => answers[at]!.ok);
    await times.of("switch", Promise.all(prepared.map((worker) => this.switchTo(worker, plan))));
    return { ok: true, pauseMs };
  }

  private async switchTo(worker: WorkerHandle, plan: SnapshotPlan): Promise<void> {
    if (!(await worker.commit(plan.generation)) || worker.isServing || this.leaving.has(worker)) return;
    const failed = await worker.listen(await this.options.sockets(worker.index));
    if (failed !== null) this.options.listenFailed(failed);
  }

  private spawn(index: number): WorkerHandle {
    const place = this.freePlaces.pop()!;
    const events = {
      news: (news: WorkerNews) => this.options.news(news, place),
      died: (worker: WorkerHandle, reason: string) => this.gone(worker, reason),
    };
    return new WorkerHandle(this.options.start(index, place), events, performance.now());
  }

  private gone(worker: WorkerHandle, reason: string): void {
    if (this.stopping) return;
    this.freePlaces.push(worker.place);
    this.coming.delete(worker);
    if (this.leaving.delete(worker)) this.options.retired(worker);
    else this.options.lost(worker, reason);
    if (this.workers[worker.index] === worker) this.replace(worker);
  }

  private replace(worker: WorkerHandle): void {
    const { index } = worker;
    this.workers[index] = null;
    this.replacements++;
    const backoff = this.backoffs[index]!;
    if (performance.now() - worker.startedMs > WORKER_LIVED_WELL_MS) backoff.reset();
    setTimeout(() => void this.join(index), backoff.next());
  }

  /** A replacement takes the plan in charge before it accepts connections. */
  private async join(index: number): Promise<void> {
    if (this.stopping) return;
    const worker = this.spawn(index);
    this.workers[index] = worker;
    if (!(await worker.ready())) return;
    await this.serial.run(async () => {
      const plan = this.current;
      if (plan === null || worker.generation === plan.generation) return;
      const prepared = await worker.prepare(plan);
      if (prepared.ok) await this.switchTo(worker, plan);
      else worker.kill(`it cannot take the snapshot in charge: ${prepared.why.message}`);
    });
  }

  private checkHeartbeats(): void {
    const now = performance.now();
    for (const worker of this.live()) {
      worker.loop.look(now);
      const silenceMs = worker.silenceMs(now);
      if (silenceMs > (worker.isReady ? HEARTBEAT_LOST_MS : WORKER_START_MS)) {
        worker.kill(`no heartbeat for ${Math.round(silenceMs)} ms`);
      }
    }
  }

  private live(): WorkerHandle[] {
    const all = [...this.workers, ...this.coming, ...this.leaving];
    return all.filter((worker) => worker !== null && !worker.isDead) as WorkerHandle[];
  }
}
