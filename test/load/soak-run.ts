// A proxy at full load, reloaded each second, one of its workers killed now and then. Nothing may be lost but requests
// under way on a killed worker's connections, every answer is of a revision that was in charge, and memory stays flat.

import { setTimeout as delay } from "node:timers/promises";
import { openDescriptors, residentMebibytes } from "../bench/process-tree.ts";
import { Installation, type ProxyUnderTest } from "../e2e/installation.ts";
import { fixtureModule } from "../fixtures/fixture-module.ts";
import { Accountant, type Account, type Entry, type Fault } from "./accountant.ts";

export interface SoakPlan {
  readonly seconds: number;
  /** The books are closed and a worker has been killed once in so many seconds. */
  readonly periodSeconds: number;
  readonly connections: number;
  readonly workers: number;
  /** Told after each period. */
  readonly progress?: (line: string) => void;
}

export interface SoakFigures {
  readonly requests: number;
  /** Requests that were lost with their killed worker's connection. */
  readonly lostWithWorkers: number;
  /** Whatever else went wrong: there must be none. */
  readonly faults: readonly Fault[];
  readonly reloads: number;
  readonly kills: number;
  /** Resident memory of the proxy's processes, at the end of each period. */
  readonly residentMebibytes: readonly number[];
  /** What the workers say they hold when all clients have gone: there must be nothing. */
  readonly left: Held;
  /** Open descriptors of the proxy's processes then, above what they were before the first client. */
  readonly moreDescriptors: number;
}

export interface Held {
  readonly connections: number;
  readonly streams: number;
  readonly bytes: number;
}

/** As many requests as the connections take. */
const UNBOUNDED_RATE = 1_000_000;
const RELOAD_EVERY_MS = 1_000;
/** New connections of a killed worker's socket wait until its successor has loaded its code. */
const ANSWER_MS_MAX = 20_000;
const WORKERS_BACK_MS_MAX = 20_000;
/** Longer than idle connections to upstreams are kept. */
const CALM_MS = 6_000;

interface WorkerStats {
  readonly worker: number;
  readonly connections: number;
  readonly streams: number;
  readonly bytesHeld: number | null;
}

interface Kill {
  readonly atMs: number;
  readonly connections: number;
}

export class Soak {
  readonly #plan: SoakPlan;
  readonly #installation: Installation;
  readonly #proxy: ProxyUnderTest;
  readonly #revisions = new RevisionTimes();
  readonly #faults: Fault[] = [];
  readonly #residentMebibytes: number[] = [];
  #requests = 0;
  #lostWithWorkers = 0;
  #kills = 0;
  #isOver = false;

  static async run(plan: SoakPlan): Promise<SoakFigures> {
    const installation = await Installation.create();
    try {
      installation.writeFor("soak", "marker.wasm", await fixtureModule("revision-marker"));
      const proxy = await installation.startProxy("soak", {
        workers: plan.workers,
        deployment: deploymentOf(0),
        sinks: "[]",
      });
      return await new Soak(plan, installation, proxy).#run();
    } finally {
      await installation.close();
    }
  }

  private constructor(plan: SoakPlan, installation: Installation, proxy: ProxyUnderTest) {
    this.#plan = plan;
    this.#installation = installation;
    this.#proxy = proxy;
  }

  async #run(): Promise<SoakFigures> {
    const { seconds, periodSeconds } = this.#plan;
    const pid = this.#proxy.program.child.pid!;
    const descriptorsBefore = openDescriptors(pid);
    const reloading = this.#reloadOften();
    for (let period = 0; period < seconds / periodSeconds; period++) {
      await this.#period(period);
      this.#plan.progress?.(this.#line());
    }
    this.#isOver = true;
    await reloading;
    await delay(CALM_MS);
    return {
      left: await this.#left(),
      moreDescriptors: openDescriptors(pid) - descriptorsBefore,
      requests: this.#requests,
      lostWithWorkers: this.#lostWithWorkers,
      faults: this.#faults,
      reloads: this.#revisions.count - 1,
      kills: this.#kills,
      residentMebibytes: this.#residentMebibytes,
    };
  }

  async #reloadOften(): Promise<void> {
    while (!this.#isOver) {
      const next = this.#revisions.count;
      this.#installation.writeFor("soak", "deployment.yaml", Buffer.from(deploymentOf(next)));
      this.#revisions.asked(next);
      // A worker that is killed while it prepares keeps the deployment before it in charge; the next one comes.
      const response = await this.#admin("POST", "/reload");
      if (response.ok) this.#revisions.inCharge(next);
      await delay(RELOAD_EVERY_MS);
    }
  }

  /** Load for a while, with one worker killed in the middle of it; then the books are looked through. */
  async #period(period: number): Promise<void> {
    const { periodSeconds, workers } = this.#plan;
    const load = this.#startLoad();
    await delay((periodSeconds * 1_000) / 2);
    const kill = await this.#kill(period % workers);
    await delay((periodSeconds * 1_000) / 2);
    this.#residentMebibytes.push(residentMebibytes(this.#proxy.program.child.pid!));
    this.#close(await load.stop(), kill);
    await this.#untilAllServe();
  }

  #startLoad(): Accountant {
    const load = new Accountant({
      host: "127.0.0.1",
      port: this.#proxy.port,
      connections: this.#plan.connections,
      requestsPerSecond: UNBOUNDED_RATE,
      request: () => ({ path: "/" }),
      revisionsOf: ({ headers }) => headers.get("x-revision") ?? [],
      isExpected: ({ status, body }) => status === 200 && body.length === 1_024,
      answerTimeoutMs: ANSWER_MS_MAX,
    });
    load.start();
    return load;
  }

  async #kill(index: number): Promise<Kill> {
    const before = (await this.#stats()).workers.each.find(({ worker }) => worker === index)!;
    const atMs = performance.now();
    await this.#admin("POST", `/replace-worker?index=${index}`);
    this.#kills++;
    return { atMs, connections: before.connections };
  }

  #close({ answered, faults }: Account, kill: Kill): void {
    this.#requests += answered.length;
    // Which connections the kernel gave to the worker nobody is told; but each of them loses one request at most.
    const lost = faults.filter(({ kind }) => kind === "failed");
    const allowed = Math.min(lost.length, kill.connections);
    this.#lostWithWorkers += allowed;
    this.#faults.push(...faults.filter(({ kind }) => kind !== "failed"), ...lost.slice(allowed));
    this.#faults.push(...answered.filter((entry) => !this.#revisions.mayAnswer(entry)).map(staleAnswer));
  }

  async #untilAllServe(): Promise<void> {
    const boundMs = performance.now() + WORKERS_BACK_MS_MAX;
    while ((await this.#stats()).workers.serving < this.#plan.workers) {
      if (performance.now() > boundMs) throw new Error(`a worker did not come back:\n${this.#proxy.program.stderr}`);
      await delay(100);
    }
  }

  async #left(): Promise<Held> {
    const { each } = (await this.#stats()).workers;
    const sum = (of: (one: WorkerStats) => number): number => each.reduce((total, one) => total + of(one), 0);
    return {
      connections: sum(({ connections }) => connections),
      streams: sum(({ streams }) => streams),
      bytes: sum(({ bytesHeld }) => bytesHeld ?? 0),
    };
  }

  async #stats(): Promise<{ workers: { serving: number; each: WorkerStats[] } }> {
    return (await (await this.#admin("GET", "/stats")).json()) as never;
  }

  #admin(method: "GET" | "POST", path: string): Promise<Response> {
    const { adminPort, adminHeaders } = this.#proxy;
    // A kept connection could be closed on the other side while this process is too busy to notice.
    const headers = { ...adminHeaders, connection: "close" };
    return fetch(`http://127.0.0.1:${adminPort}${path}`, { method, headers });
  }

  #line(): string {
    const resident = this.#residentMebibytes.at(-1)!.toFixed(0);
    return `${this.#requests} requests, ${this.#kills} workers killed, ${this.#lostWithWorkers} requests lost with them, ${this.#faults.length} other faults, ${this.#revisions.count - 1} reloads, ${resident} MiB`;
  }
}

/** When each revision may have answered: from the call that brought it to the end of the call that brought a later one. */
class RevisionTimes {
  readonly #askedMs = [0];
  readonly #replacedMs: number[] = [];

  get count(): number {
    return this.#askedMs.length;
  }

  asked(revision: number): void {
    this.#askedMs[revision] = performance.now();
  }

  inCharge(revision: number): void {
    for (let earlier = revision - 1; earlier >= 0 && this.#replacedMs[earlier] === undefined; earlier--)
      this.#replacedMs[earlier] = performance.now();
  }

  mayAnswer({ revision, sentMs, answeredMs }: Entry): boolean {
    const number = Number(revision.slice(1));
    const askedMs = this.#askedMs[number];
    return askedMs !== undefined && askedMs <= answeredMs && sentMs <= (this.#replacedMs[number] ?? Infinity);
  }
}

function staleAnswer({ number, revision }: Entry): Fault {
  return { kind: "misattributed", number, what: `${revision} answered while it was not in charge` };
}

function deploymentOf(revision: number): string {
  return `apiVersion: sluice/v1
kind: Deployment
name: default
slots:
  - { name: marker, phase: OTHER, revisions: [{ filter: marker, module: marker.wasm, pluginConfig: r${revision} }] }
`;
}

/** By how much the last third of the figures is above the second: what is still growing after the start. */
export function growthMebibytes(resident: readonly number[]): number {
  const third = Math.max(1, Math.floor(resident.length / 3));
  return mean(resident.slice(-third)) - mean(resident.slice(-2 * third, -third));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
