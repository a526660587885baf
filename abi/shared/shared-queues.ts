// Queues of filters in one SharedArrayBuffer: exact over all threads that hold it. A thread that puts an item in wakes the one
// that receives; whether there is something to tell stands in the memory, so a wake-up too many does no harm and a
// receiver that died loses nothing: main drops it, and the one before it takes over.
//
//   buffer:  lock | last token | last registration | unused | token of queue 0, 1, … (0 free) | wake-ups of worker 0, 1, …
//            | queue 0 | queue 1 | …

import { QUEUE_NAME_BYTES_MAX, QUEUE_REST_FACTOR, QUEUE_RETRY_MS, QUEUES_MAX, QUEUES_PER_VM_MAX } from "./limits.ts";
import { QueueRecord, queueRecordBytes } from "./queue-record.ts";
import type { OpenQueueStore, QueueReceiver } from "./queue-store.ts";
import type { FreedLocks } from "./shared-data.ts";
import { acquireLock, lockWord, releaseLock, takeOverLock, type Owner } from "./shard-lock.ts";

const LOCK = 0;
const LAST_TOKEN = 1;
const LAST_REGISTRATION = 2;
const TOKENS = 4;
const WAKE_UPS = TOKENS + QUEUES_MAX;

/** Memory for queues that this many workers receive; share it with them. */
export function createQueuesBuffer(workers: number): SharedArrayBuffer {
  return new SharedArrayBuffer((WAKE_UPS + workers) * 4 + QUEUES_MAX * queueRecordBytes(workers));
}

export interface QueuesOptions {
  /** Who holds locks here; a worker receives under this number, below `workers`. */
  readonly owner: Owner;
  /** As given to createQueuesBuffer. */
  readonly workers: number;
}

/** Queues that are exact over the threads that have the same buffer. */
export class SharedQueues implements OpenQueueStore {
  private readonly words: Int32Array;
  private readonly tokens: Int32Array;
  private readonly records: readonly QueueRecord[];
  private readonly owner: Owner;
  private readonly own: number;
  private readonly workers: number;
  /** By token, who on this thread registered it; the last one is told. */
  private readonly receivers = new Map<number, QueueReceiver[]>();
  /** Tokens that this thread could not become the receiver of yet: their locks were not to be had. */
  private readonly unclaimed = new Set<number>();
  private isListening = false;

  constructor(buffer: SharedArrayBuffer, { owner, workers }: QueuesOptions) {
    const base = (WAKE_UPS + workers) * 4;
    this.words = new Int32Array(buffer);
    this.tokens = new Int32Array(buffer, TOKENS * 4, QUEUES_MAX);
    this.owner = owner;
    this.own = lockWord(owner);
    this.workers = workers;
    this.records = Array.from(
      { length: QUEUES_MAX },
      (_, i) => new QueueRecord(buffer, base + i * queueRecordBytes(workers), workers),
    );
  }

  register(vmId: string, name: Uint8Array, receiver: QueueReceiver): number | "full" | "busy" {
    const token = this.open(vmId, name);
    if (typeof token === "number") this.receive(token, receiver);
    return token;
  }

  open(vmId: string, name: Uint8Array): number | "full" | "busy" {
    const key = keyOf(vmId, name);
    if (key.length > QUEUE_NAME_BYTES_MAX) return "full";
    if (!this.lockDirectory()) return "busy";
    try {
      const known = this.find(key);
      return known < 0 ? this.make(key, keyOf(vmId, NO_NAME)) : this.tokenAt(known);
    } finally {
      releaseLock(this.words, LOCK);
    }
  }

  receive(token: number, receiver: QueueReceiver): boolean {
    const { index } = this.owner;
    if (index >= this.workers) throw new RangeError(`thread ${index} receives no queues`);
    if (this.placeOf(token) < 0) return false;
    const own = this.receivers.get(token) ?? [];
    this.receivers.set(token, [...own.filter((one) => one !== receiver), receiver]);
    if (!this.claim(token, own.at(-1) === receiver)) this.unclaimed.add(token);
    this.listen();
    this.wake(index);
    return true;
  }

  resolve(vmId: string, name: Uint8Array): number | "absent" | "busy" {
    const key = keyOf(vmId, name);
    if (!this.lockDirectory()) return "busy";
    const found = this.find(key);
    const token = found < 0 ? "absent" : this.tokenAt(found);
    releaseLock(this.words, LOCK);
    return token;
  }

  enqueue(token: number, item: Uint8Array): "ok" | "absent" | "full" | "busy" {
    let receiver = -1;
    let isIn = false;
    const outcome = this.within(token, (record) => {
      isIn = record.enqueue(item);
      receiver = record.receiver;
    });
    if (isIn) this.wake(receiver);
    return outcome === "ok" && !isIn ? "full" : outcome;
  }

  dequeue(token: number): Uint8Array | "absent" | "empty" | "busy" {
    let item: Uint8Array | null = null;
    const outcome = this.within(token, (record) => void (item = record.dequeue()));
    return outcome === "ok" ? (item ?? "empty") : outcome;
  }

  forget(receiver: QueueReceiver): void {
    for (const [token, own] of this.receivers) {
      if (!own.includes(receiver)) continue;
      const left = own.filter((one) => one !== receiver);
      const wasLast = own.at(-1) === receiver;
      this.receivers.set(token, left);
      if (left.length === 0) this.leave(token);
      else if (wasLast) this.within(token, (record) => record.tellAgain());
    }
    this.wake(this.owner.index);
  }

  /**
   * Drops what a dead thread held: its locks, after a look at what it left, and its place as a receiver. Only for a thread
   * that is known to have ended. Whoever takes over is woken.
   */
  forgetThread(dead: Owner): FreedLocks {
    let freed = 0;
    let damaged = 0;
    if (takeOverLock(this.words, LOCK, lockWord(dead), this.own)) {
      freed++;
      releaseLock(this.words, LOCK);
    }
    for (const record of this.records) {
      if (takeOverLock(this.words, record.lockAt, lockWord(dead), this.own)) {
        freed++;
        if (!record.check()) damaged++;
        releaseLock(this.words, record.lockAt);
      }
    }
    for (let at = 0; at < QUEUES_MAX; at++) if (this.tokenAt(at) !== 0) this.dropReceiver(at, dead.index);
    for (let worker = 0; worker < this.workers; worker++) this.wake(worker);
    return { freed, damaged };
  }

  /** Locks a queue by its token and does something with it. */
  private within(token: number, act: (record: QueueRecord) => void): "ok" | "absent" | "busy" {
    const at = this.placeOf(token);
    if (at < 0) return "absent";
    const record = this.records[at]!;
    if (!this.lock(record)) return "busy";
    try {
      // The place may have been given to another queue before the lock was ours.
      if (this.tokenAt(at) !== token >>> 0) return "absent";
      act(record);
      return "ok";
    } finally {
      releaseLock(this.words, record.lockAt);
    }
  }

  private placeOf(token: number): number {
    return token === 0 ? -1 : this.tokens.indexOf(token | 0);
  }

  /** This thread receives the queue from now on; `isAgain`: so it does already when it is the last. False: busy. */
  private claim(token: number, isAgain: boolean): boolean {
    const { index } = this.owner;
    const outcome = this.within(token, (record) => {
      if (isAgain && record.receiver === index) return;
      record.setReceiver(index, Atomics.add(this.words, LAST_REGISTRATION, 1) + 1);
      record.tellAgain();
    });
    return outcome !== "busy";
  }

  /** This thread has nobody left for the queue. False: its lock was not to be had, so that it must be tried again. */
  private leave(token: number): boolean {
    const at = this.placeOf(token);
    if (at >= 0 && !this.dropReceiver(at, this.owner.index)) return false;
    this.receivers.delete(token);
    this.unclaimed.delete(token);
    return true;
  }

  private dropReceiver(at: number, worker: number): boolean {
    const record = this.records[at]!;
    if (!this.lock(record)) return false;
    const wasLast = record.receiver === worker;
    record.setReceiver(worker, 0);
    if (wasLast) record.tellAgain();
    const next = record.receiver;
    releaseLock(this.words, record.lockAt);
    if (wasLast) this.wake(next);
    return true;
  }

  /** The directory's lock is held. */
  private find(key: Uint8Array): number {
    for (let at = 0; at < QUEUES_MAX; at++) if (this.tokenAt(at) !== 0 && this.records[at]!.hasName(key)) return at;
    return -1;
  }

  /** The directory's lock is held. The store of the token is what makes the queue. */
  private make(key: Uint8Array, vmPrefix: Uint8Array): number | "full" | "busy" {
    const places = [...this.records.keys()];
    const ofVm = places.filter((at) => this.tokenAt(at) !== 0 && this.records[at]!.nameStartsWith(vmPrefix));
    const at = ofVm.length < QUEUES_PER_VM_MAX ? this.placeAmong(places) : this.unusedAmong(ofVm);
    if (at < 0) return "full";
    const record = this.records[at]!;
    if (!this.lock(record)) return "busy";
    record.begin(key);
    const token = Atomics.add(this.words, LAST_TOKEN, 1) + 1;
    Atomics.store(this.words, TOKENS + at, token);
    releaseLock(this.words, record.lockAt);
    return token;
  }

  private placeAmong(places: readonly number[]): number {
    const free = places.find((at) => this.tokenAt(at) === 0);
    return free ?? this.unusedAmong(places);
  }

  /** A queue that nobody receives and that is empty: of filters that are gone, or it would have a receiver. */
  private unusedAmong(places: readonly number[]): number {
    return places.find((at) => this.records[at]!.receiver < 0 && this.records[at]!.count === 0) ?? -1;
  }

  private tokenAt(at: number): number {
    return Atomics.load(this.words, TOKENS + at) >>> 0;
  }

  private lockDirectory(): boolean {
    return acquireLock(this.words, LOCK, this.own) !== "busy";
  }

  private lock(record: QueueRecord): boolean {
    const outcome = acquireLock(this.words, record.lockAt, this.own);
    // Hostcalls do not nest, so a lock that is ours already was left behind when our stack ended in the middle of one.
    if (outcome === "mine") record.check();
    return outcome !== "busy";
  }

  private wake(worker: number): void {
    if (worker < 0 || worker >= this.workers) return;
    Atomics.add(this.words, WAKE_UPS + worker, 1);
    Atomics.notify(this.words, WAKE_UPS + worker);
  }

  private listen(): void {
    if (this.isListening) return;
    this.isListening = true;
    setImmediate(() => this.turn());
  }

  /** Tells receivers of this thread, then waits to be woken. What came meanwhile has changed the number that is waited on. */
  private turn(): void {
    const at = WAKE_UPS + this.owner.index;
    const seen = Atomics.load(this.words, at);
    const startedMs = performance.now();
    const rest = this.tell();
    const tookMs = performance.now() - startedMs;
    if (rest === "more" && tookMs < 1) setImmediate(() => this.turn());
    else if (rest === "more") setTimeout(() => this.turn(), tookMs * QUEUE_REST_FACTOR).unref();
    else if (rest === "busy") setTimeout(() => this.turn(), QUEUE_RETRY_MS).unref();
    else this.sleep(at, seen);
  }

  private sleep(at: number, seen: number): void {
    const waiting = Atomics.waitAsync(this.words, at, seen);
    if (waiting.async) void waiting.value.then(() => this.turn());
    else setImmediate(() => this.turn());
  }

  /** One callback for each queue that has news, so that traffic gets its turns in between. */
  private tell(): "more" | "busy" | "none" {
    for (const token of this.unclaimed) if (this.claim(token, false)) this.unclaimed.delete(token);
    let rest: "more" | "busy" | "none" = this.unclaimed.size === 0 ? "none" : "busy";
    for (const token of this.receivers.keys()) {
      const outcome = this.tellOf(token);
      if (outcome === "more" || rest === "none") rest = outcome;
    }
    return rest;
  }

  private tellOf(token: number): "more" | "busy" | "none" {
    const receiver = this.receivers.get(token)?.at(-1);
    if (receiver === undefined) return this.leave(token) ? "none" : "busy";
    let hasNews = false;
    const outcome = this.within(token, (record) => {
      hasNews = record.receiver === this.owner.index && record.hasNews;
      if (hasNews) record.countTold();
    });
    if (hasNews) receiver.queueReady(token);
    return hasNews ? "more" : outcome === "busy" ? "busy" : "none";
  }
}

const NO_NAME = new Uint8Array(0);

function keyOf(vmId: string, name: Uint8Array): Uint8Array {
  const prefix = Buffer.from(`${vmId}\0`);
  const key = new Uint8Array(prefix.length + name.length);
  key.set(prefix);
  key.set(name, prefix.length);
  return key;
}
