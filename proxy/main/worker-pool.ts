// Keeps the workers alive: starts them, watches their heartbeats, replaces the dead with back-off, and publishes plans
// to all of them in two phases. One plan is in charge at any time; a worker that joins late takes that one.

import { HEARTBEAT_LOST_MS } from "../worker/limits.ts";
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
  /** What a worker at this place starts with; asked anew for each replacement. */
  start(index: number): WorkerStart;
  sockets(index: number): Promise<readonly WorkerListener[]>;
  news(news: WorkerNews, index: number): void;
  /** A worker is gone and what it held (locks, live counts) must be given back. */
  lost(index: number, reason: string): void;
  listenFailed(sentence: string): void;
}

export class WorkerPool {
  private readonly options: WorkerPoolOptions;
  private readonly workers: (WorkerHandle | null)[];
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

  get servingCount(): number {
    return this.workers.filter((worker) => worker?.isServing === true && worker.generation === this.current?.generation)
      .length;
  }

  get replacedCount(): number {
    return this.replacements;
  }

  /** What each worker holds; null for one that does not answer. */
  holdings(): Promise<(WorkerHoldings | null)[]> {
    const ask = ++this.asks;
    return Promise.all(this.workers.map((worker) => worker?.inspect(ask, INSPECT_WAIT_MS) ?? Promise.resolve(null)));
  }

  /** Tells every worker whether records are made; later ones are told at their start. */
  wantRecords(wanted: boolean): void {
    for (const worker of this.live()) worker.wantRecords(wanted);
  }

  async drain(deadlineMs: number): Promise<void> {
    this.stopping = true;
    await Promise.all(this.live().map((worker) => worker.drain(deadlineMs)));
  }

  close(): void {
    this.stopping = true;
    clearInterval(this.watch);
    for (const worker of this.live()) worker.kill("the proxy ends");
  }

  private async publishNow(plan: SnapshotPlan, times: StepTimes): Promise<Prepared> {
    const workers = this.live().filter((worker) => worker.isReady);
    const answers = await times.of("prepare", Promise.all(workers.map((worker) => worker.prepare(plan))));
    const veto = answers.find((answer) => !answer.ok);
    if (veto !== undefined) {
      for (const worker of workers) worker.abort(plan.generation);
      return veto;
    }
    const pauseMs = Math.max(0, ...answers.map((answer) => (answer.ok ? answer.pauseMs : 0)));
    times.note("pause", pauseMs);
    this.current = plan;
    await times.of("switch", Promise.all(workers.map((worker) => this.switchTo(worker, plan))));
    return { ok: true, pauseMs };
  }

  private async switchTo(worker: WorkerHandle, plan: SnapshotPlan): Promise<void> {
    if (!(await worker.commit(plan.generation)) || worker.isServing) return;
    const failed = await worker.listen(await this.options.sockets(worker.index));
    if (failed !== null) this.options.listenFailed(failed);
  }

  private spawn(index: number): WorkerHandle {
    const events = {
      news: (news: WorkerNews) => this.options.news(news, index),
      died: (worker: WorkerHandle, reason: string) => this.replace(worker, reason),
    };
    return new WorkerHandle(this.options.start(index), events, performance.now());
  }

  private replace(worker: WorkerHandle, reason: string): void {
    if (this.stopping) return;
    const { index } = worker;
    this.options.lost(index, reason);
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
      const silenceMs = worker.silenceMs(now);
      if (silenceMs > (worker.isReady ? HEARTBEAT_LOST_MS : WORKER_START_MS)) {
        worker.kill(`no heartbeat for ${Math.round(silenceMs)} ms`);
      }
    }
  }

  private live(): WorkerHandle[] {
    return this.workers.filter((worker) => worker !== null && !worker.isDead) as WorkerHandle[];
  }
}
