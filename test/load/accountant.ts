// The accountant: load over keep-alive sockets in which every request has a number, and a book in which each must stand
// as answered exactly once by exactly one revision. All claims that nothing was lost rest on it, so it is its own client
// (raw sockets, no library that retries or pools) and its own tests plant the faults it must find.

import { connect } from "node:net";
import type { Socket } from "node:net";
import { ResponseReader } from "./response-reader.ts";
import type { Answer } from "./response-reader.ts";

export interface LoadPlan {
  readonly host: string;
  readonly port: number;
  readonly connections: number;
  /** Steady rate over all connections; a request that finds every connection busy waits for the next free one. */
  readonly requestsPerSecond: number;
  /** Method, path and extra header fields of request `number`. */
  request(number: number): {
    readonly method?: string;
    readonly path: string;
    readonly headers?: readonly (readonly [string, string])[];
  };
  /** The revisions that say they made this answer, or that alone could have made it; exactly one must. */
  revisionsOf(answer: Answer): readonly string[];
  /** True when request `number` may be answered like this by that revision. */
  isExpected(answer: Answer, number: number, revision: string): boolean;
  /** An answer later than this counts as hung. */
  readonly answerTimeoutMs?: number;
}

/**
 * failed: connection lost, refused or answered in a form that is no HTTP; hung: no answer in time; doubled: an answer
 * nobody asked for, or a request that reached the origin twice; misattributed: another request's answer, an answer of no
 * or several revisions, or one that its revision would not give.
 */
export type FaultKind = "failed" | "hung" | "doubled" | "misattributed";

export interface Fault {
  readonly kind: FaultKind;
  /** The request's number; null for an answer that belongs to none. */
  readonly number: number | null;
  readonly what: string;
}

export interface Entry {
  readonly number: number;
  readonly revision: string;
  /** Milliseconds of `performance.now()`. */
  readonly sentMs: number;
  readonly answeredMs: number;
}

export interface Account {
  readonly sent: number;
  readonly answered: readonly Entry[];
  readonly faults: readonly Fault[];
}

/** The header by which request and answer name their number; the origin must echo it. */
export const numberHeader = "x-request-number";
const paceMs = 5;
const defaultAnswerTimeoutMs = 5_000;

export class Accountant {
  readonly #plan: LoadPlan;
  readonly #lines: Line[] = [];
  readonly #entries: Entry[] = [];
  readonly #faults: Fault[] = [];
  readonly #waiting: { count: number; resolve: () => void }[] = [];
  #pacer: NodeJS.Timeout | null = null;
  #startedMs = 0;
  #sent = 0;
  #drained: (() => void) | null = null;

  constructor(plan: LoadPlan) {
    this.#plan = plan;
    for (let index = 0; index < plan.connections; index += 1) this.#lines.push(new Line(this, plan));
  }

  start(): void {
    this.#startedMs = performance.now();
    this.#pacer = setInterval(() => this.#pace(), paceMs);
  }

  /** Resolves when `count` more requests were settled (answered or faulty). */
  settled(count: number): Promise<void> {
    const target = this.#settledCount + count;
    return new Promise((resolve) => this.#waiting.push({ count: target, resolve }));
  }

  /** Sends no more, waits for the answers still due (at most the answer timeout) and closes the books. */
  async stop(): Promise<Account> {
    if (this.#pacer !== null) clearInterval(this.#pacer);
    if (this.#lines.some((line) => line.isBusy)) await this.#drain();
    for (const line of this.#lines) line.close();
    return { sent: this.#sent, answered: this.#entries, faults: this.#faults };
  }

  async #drain(): Promise<void> {
    const sweep = setInterval(() => this.#sweep(performance.now()), paceMs);
    await new Promise<void>((resolve) => (this.#drained = resolve));
    clearInterval(sweep);
  }

  get #settledCount(): number {
    return this.#entries.length + this.#faults.length;
  }

  // Sends what is due by the clock since the start, so that a late timer does not lower the rate.
  #pace(): void {
    const nowMs = performance.now();
    this.#sweep(nowMs);
    const due = Math.floor(((nowMs - this.#startedMs) * this.#plan.requestsPerSecond) / 1000);
    for (const line of this.#lines) {
      if (this.#sent >= due) return;
      if (!line.isBusy) line.send((this.#sent += 1));
    }
  }

  #sweep(nowMs: number): void {
    const limitMs = this.#plan.answerTimeoutMs ?? defaultAnswerTimeoutMs;
    for (const line of this.#lines) line.giveUpAfter(nowMs, limitMs);
  }

  /** Called by a line: request `number` got an answer that reads well. */
  settle(number: number, answer: Answer, sentMs: number): void {
    const judgement = judge(this.#plan, number, answer);
    if (typeof judgement === "string")
      this.#entries.push({ number, revision: judgement, sentMs, answeredMs: performance.now() });
    else this.#faults.push(judgement);
    this.#wake();
  }

  /** Called by a line: a fault that is not an answer's. */
  fault(fault: Fault): void {
    this.#faults.push(fault);
    this.#wake();
  }

  #wake(): void {
    const count = this.#settledCount;
    const due = this.#waiting.filter((waiter) => waiter.count <= count);
    for (const waiter of due) {
      this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
      waiter.resolve();
    }
    if (this.#drained !== null && !this.#lines.some((line) => line.isBusy)) this.#drained();
  }
}

/** The revision that answered, or what is wrong with the answer. */
function judge(plan: LoadPlan, number: number, answer: Answer): string | Fault {
  const misattributed = (what: string): Fault => ({ kind: "misattributed", number, what });
  // Local replies of a proxy carry no number; the order on the connection then decides whose they are.
  const named = answer.headers.get(numberHeader);
  if (named !== undefined && named.join() !== String(number))
    return misattributed(`answered with the answer of ${named.join()}`);
  const revisions = plan.revisionsOf(answer);
  const [revision] = revisions;
  if (revision === undefined) return misattributed(`status ${answer.status} is of no revision`);
  if (revisions.length > 1) return misattributed(`answered by ${revisions.join(" and ")}`);
  if (!plan.isExpected(answer, number, revision)) return misattributed(`${revision} would not answer ${answer.status}`);
  return revision;
}

/** One keep-alive connection with at most one request under way. */
class Line {
  readonly #accountant: Accountant;
  readonly #plan: LoadPlan;
  #socket: Socket | null = null;
  #reader = new ResponseReader();
  #number: number | null = null;
  #sentMs = 0;

  constructor(accountant: Accountant, plan: LoadPlan) {
    this.#accountant = accountant;
    this.#plan = plan;
  }

  get isBusy(): boolean {
    return this.#number !== null;
  }

  send(number: number): void {
    this.#number = number;
    this.#sentMs = performance.now();
    this.#socket ??= this.#open();
    this.#socket.write(requestBytes(this.#plan, number));
  }

  giveUpAfter(nowMs: number, limitMs: number): void {
    if (this.#number === null || nowMs - this.#sentMs < limitMs) return;
    this.#end({ kind: "hung", number: this.#number, what: `no answer within ${limitMs} ms` });
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = null;
  }

  #open(): Socket {
    const socket = connect({ host: this.#plan.host, port: this.#plan.port, noDelay: true });
    this.#reader = new ResponseReader();
    socket.on("data", (chunk) => this.#read(socket, chunk));
    socket.on("error", (error) => this.#lost(socket, error.message));
    socket.on("close", () => this.#lost(socket, "the connection was closed"));
    return socket;
  }

  #read(socket: Socket, chunk: Buffer): void {
    if (socket !== this.#socket) return;
    try {
      for (const answer of this.#reader.read(chunk)) this.#take(answer);
    } catch (error) {
      this.#lost(socket, error instanceof Error ? error.message : String(error));
    }
  }

  #take(answer: Answer): void {
    const number = this.#number;
    if (number === null) {
      this.#accountant.fault({
        kind: "doubled",
        number: null,
        what: `an answer ${answer.status} that nobody asked for`,
      });
      return;
    }
    this.#number = null;
    if (answer.closes) this.close();
    this.#accountant.settle(number, answer, this.#sentMs);
  }

  // A server may close a connection between two requests; with a request under way that request has failed.
  #lost(socket: Socket, what: string): void {
    if (socket !== this.#socket) return;
    const number = this.#number;
    if (number !== null || this.#reader.pendingBytes > 0) this.#end({ kind: "failed", number, what });
    else this.close();
  }

  #end(fault: Fault): void {
    this.#number = null;
    this.close();
    this.#accountant.fault(fault);
  }
}

function requestBytes(plan: LoadPlan, number: number): string {
  const { method = "GET", path, headers = [] } = plan.request(number);
  const fields = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return `${method} ${path} HTTP/1.1\r\nhost: ${plan.host}:${plan.port}\r\n${numberHeader}: ${number}\r\n${fields}\r\n`;
}

/** How often each kind of fault was found. */
export function faultCounts(account: Account): Readonly<Record<FaultKind, number>> {
  const counts = { failed: 0, hung: 0, doubled: 0, misattributed: 0 };
  for (const fault of account.faults) counts[fault.kind] += 1;
  return counts;
}

/** A fault for every request that reached the origin more than once. */
export function doubledAtOrigin(timesSeen: ReadonlyMap<number, number>): Fault[] {
  return [...timesSeen]
    .filter(([, times]) => times > 1)
    .map(([number, times]) => ({ kind: "doubled", number, what: `reached the origin ${times} times` }));
}

/** How many answers each revision gave. */
export function answersByRevision(account: Account): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { revision } of account.answered) counts.set(revision, (counts.get(revision) ?? 0) + 1);
  return counts;
}
