// Main's view of one worker thread: starting → ready → serving → dead. Questions have one answer each; a worker that
// dies answers all open ones with its death.

import { Worker } from "node:worker_threads";
import type { EndpointNews } from "../endpoints/endpoint-news.ts";
import { PROXY_ERRORS } from "../errors.ts";
import { PROFILE_ANSWER_MS } from "../profile/limits.ts";
import type { ProfileKind } from "../profile/worker-profiler.ts";
import { VitalSigns } from "../worker/vital-signs.ts";
import { WORKER_HEAP_MB } from "./limits.ts";
import type { DrainBounds } from "../exchange/drain-bounds.ts";
import type { NotLoaded, SnapshotPlan } from "../snapshot/plan.ts";
import type { FromWorker, ToWorker, WorkerHoldings, WorkerListener, WorkerStart } from "../worker/messages.ts";
import { Heartbeat } from "./heartbeat.ts";
import { LoopUse } from "./loop-use.ts";

/** `place` of a refusal: `revisionPlace` of the one that did not start; null: the worker itself is gone. */
export type Prepared =
  | { readonly ok: true; readonly pauseMs: number }
  | { readonly ok: false; readonly place: number | null; readonly why: NotLoaded };

/** What a worker tells without being asked. */
export type WorkerNews = Extract<
  FromWorker,
  {
    type:
      | "records"
      | "spans"
      | "slotError"
      | "filterLog"
      | "drainBound"
      | "metric"
      | "mirrorCluster"
      | "calloutCluster"
      | "countedCluster"
      | "failing"
      | "overload";
  }
>;

export interface WorkerEvents {
  news(news: WorkerNews, worker: WorkerHandle): void;
  died(worker: WorkerHandle, reason: string): void;
}

const WORKER_FILE = new URL("../worker/worker.ts", import.meta.url);

export class WorkerHandle {
  readonly index: number;
  /** In the shared memory. */
  readonly place: number;
  /** How long it has shown no beat. */
  private readonly heartbeat: Heartbeat;
  readonly startedMs: number;
  isReady = false;
  isServing = false;
  isDead = false;
  /** Generation it serves, 0 before the first. */
  generation = 0;
  /** How busy its event loop is. */
  readonly loop: LoopUse;
  private readonly thread: Worker;
  private readonly events: WorkerEvents;
  private readonly signs: VitalSigns;
  private killedBecause: string | null = null;
  private failure: string | null = null;
  /** Resolves when the thread is no more. */
  readonly ended: Promise<void>;
  private readonly waiting = new Set<{ take(message: FromWorker): boolean; died(): void }>();

  constructor(start: WorkerStart, events: WorkerEvents, nowMs: number) {
    this.index = start.index;
    this.place = start.place;
    this.events = events;
    this.signs = new VitalSigns(start.vitalSigns);
    this.signs.clear();
    this.startedMs = nowMs;
    this.heartbeat = new Heartbeat(nowMs);
    this.thread = new Worker(WORKER_FILE, {
      workerData: start,
      name: `worker-${start.index}`,
      resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MB },
    });
    this.loop = new LoopUse(() => this.thread.performance.eventLoopUtilization());
    this.thread.on("message", (message: FromWorker) => this.take(message));
    this.thread.on("error", (error) => (this.failure = error.stack ?? String(error)));
    this.ended = new Promise((resolve) => {
      this.thread.on("exit", () => {
        this.close();
        resolve();
      });
    });
  }

  /** Resolves true when its code is loaded; false when it died before. */
  ready(): Promise<boolean> {
    if (this.isReady) return Promise.resolve(true);
    return this.answer((message) => (message.type === "ready" ? true : null), false);
  }

  prepare(plan: SnapshotPlan): Promise<Prepared> {
    const { generation } = plan;
    this.post({ type: "prepare", plan });
    return this.answer<Prepared>(
      (message) => {
        if (message.type === "prepared" && message.generation === generation)
          return { ok: true, pauseMs: message.pauseMs };
        if (message.type !== "vetoed" || message.generation !== generation) return null;
        return { ok: false, place: message.place, why: message.why };
      },
      { ok: false, place: null, why: WORKER_DIED },
    );
  }

  commit(generation: number): Promise<boolean> {
    this.post({ type: "commit", generation });
    return this.answer((message) => {
      if (message.type !== "committed" || message.generation !== generation) return null;
      this.generation = generation;
      return true;
    }, false);
  }

  abort(generation: number): void {
    this.post({ type: "abort", generation });
  }

  /** Resolves with an error's sentence, null when it listens (or died: then it is replaced). */
  listen(listeners: readonly WorkerListener[]): Promise<string | null> {
    this.post({ type: "listen", listeners });
    return this.answer<{ failed: string | null }>(
      (message) => {
        if (message.type === "listenFailed") return { failed: `${message.listener}: ${message.message}` };
        if (message.type !== "listening") return null;
        this.isServing = true;
        return { failed: null };
      },
      { failed: null },
    ).then(({ failed }) => failed);
  }

  inspect(ask: number, withinMs: number): Promise<WorkerHoldings | null> {
    this.post({ type: "inspect", ask });
    const answer = this.answer<WorkerHoldings | null>((message) => {
      return message.type === "inspected" && message.ask === ask ? message.held : null;
    }, null);
    return within(withinMs, answer);
  }

  startProfile(kind: ProfileKind): Promise<boolean> {
    this.post({ type: "profile", kind });
    const answer = this.answer((message) => (message.type === "profiling" ? message : null), null);
    return within(PROFILE_ANSWER_MS, answer).then((told) => told?.isStarted === true);
  }

  stopProfile(): Promise<object | null> {
    this.post({ type: "profileEnd" });
    const answer = this.answer((message) => (message.type === "profiled" ? message : null), null);
    return within(PROFILE_ANSWER_MS, answer).then((told) => told?.profile ?? null);
  }

  discourage(): void {
    this.post({ type: "discourage" });
  }

  /** Resolves true when its last connection is gone; false when it died before. */
  drain(bounds: DrainBounds): Promise<boolean> {
    this.isServing = false;
    this.post({ type: "drain", bounds });
    return this.answer((message) => (message.type === "drained" ? true : null), false);
  }

  wantRecords(wanted: boolean): void {
    this.post({ type: "records", wanted });
  }

  tellEndpoints(news: readonly EndpointNews[]): void {
    this.post({ type: "endpoints", news });
  }

  /** Looks at the worker's beat: how long it has been silent, in ms. */
  silenceMs(nowMs: number): number {
    this.heartbeat.look(this.signs.beats, nowMs);
    return this.heartbeat.silentMs;
  }

  kill(reason: string): void {
    this.killedBecause ??= reason;
    void this.thread.terminate();
  }

  private post(message: ToWorker): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread has no origin
    this.thread.postMessage(message);
  }

  private take(message: FromWorker): void {
    if (message.type === "ready") {
      this.isReady = true;
      this.heartbeat.silentMs = 0;
    }
    for (const question of this.waiting) {
      if (question.take(message)) this.waiting.delete(question);
    }
    if (
      message.type === "records" ||
      message.type === "spans" ||
      message.type === "slotError" ||
      message.type === "filterLog" ||
      message.type === "drainBound" ||
      message.type === "metric" ||
      message.type === "mirrorCluster" ||
      message.type === "calloutCluster" ||
      message.type === "countedCluster" ||
      message.type === "failing" ||
      message.type === "overload"
    ) {
      this.events.news(message, this);
    }
  }

  private answer<T>(answerOf: (message: FromWorker) => T | null, whenDead: T): Promise<T> {
    if (this.isDead) return Promise.resolve(whenDead);
    return new Promise((resolve) => {
      const take = (message: FromWorker): boolean => {
        const answer = answerOf(message);
        if (answer !== null) resolve(answer);
        return answer !== null;
      };
      this.waiting.add({ take, died: () => resolve(whenDead) });
    });
  }

  private close(): void {
    this.isDead = true;
    this.isServing = false;
    for (const question of this.waiting) question.died();
    this.waiting.clear();
    this.events.died(this, this.killedBecause ?? this.failure ?? "it ended by itself");
  }
}

/** null when it is not there in time. */
function within<T>(ms: number, answer: Promise<T>): Promise<T | null> {
  const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), ms).unref());
  return Promise.race([answer, late]);
}

const WORKER_DIED: NotLoaded = {
  code: PROXY_ERRORS.workerLost.code,
  message: "a worker ended while it prepared the snapshot",
  hint: PROXY_ERRORS.workerLost.hint,
};
