// One shared queue in memory: its items, who is told of them, and of how many they were told. A thread may die between any
// two stores: `head` and `tail` alone say what is there, and the counts are made to agree with them afterwards. The
// caller holds the queue's lock.
//
//   record:  lock | name length | head | tail | put in | taken out | told of | since when worker 0, 1, … receives | name | items
//   items:   a ring of QUEUE_BYTES; each is its length and its bytes, rounded up to 4
//
// `head` and `tail` count bytes and wrap at 2³²; counts of items likewise. The worker with the latest number in `since` is
// the one that is told of items; 0 is none.

import { QUEUE_BYTES, QUEUE_ITEMS_MAX, QUEUE_NAME_BYTES_MAX } from "./limits.ts";

const LOCK = 0;
const NAME_LENGTH = 1;
const HEAD = 2;
const TAIL = 3;
const PUT_IN = 4;
const TAKEN_OUT = 5;
const TOLD_OF = 6;
const SINCE = 7;
const LENGTH_BYTES = 4;

/** Bytes of a queue whose items this many workers may receive. */
export function queueRecordBytes(workers: number): number {
  return (SINCE + workers) * 4 + QUEUE_NAME_BYTES_MAX + QUEUE_BYTES;
}

export class QueueRecord {
  private readonly words: Int32Array;
  private readonly bytes: Uint8Array;
  private readonly at: number;
  private readonly workers: number;

  /** `base`: where it begins in `buffer`, in bytes. */
  constructor(buffer: SharedArrayBuffer, base: number, workers: number) {
    this.words = new Int32Array(buffer);
    this.bytes = new Uint8Array(buffer);
    this.at = base / 4;
    this.workers = workers;
  }

  /** Index of the lock's word. */
  get lockAt(): number {
    return this.at + LOCK;
  }

  /** Items in it. */
  get count(): number {
    return (this.word(PUT_IN) - this.word(TAKEN_OUT)) >>> 0;
  }

  /** An empty queue of this name that nobody receives. */
  begin(name: Uint8Array): void {
    this.words.fill(0, this.at + NAME_LENGTH, this.at + SINCE + this.workers);
    this.bytes.set(name, this.nameAt);
    this.put(NAME_LENGTH, name.length);
  }

  hasName(name: Uint8Array): boolean {
    if (this.word(NAME_LENGTH) !== name.length) return false;
    for (let i = 0; i < name.length; i++) if (this.bytes[this.nameAt + i] !== name[i]) return false;
    return true;
  }

  nameStartsWith(prefix: Uint8Array): boolean {
    if (this.word(NAME_LENGTH) < prefix.length) return false;
    for (let i = 0; i < prefix.length; i++) if (this.bytes[this.nameAt + i] !== prefix[i]) return false;
    return true;
  }

  /** False: it is full. The store of `tail` is what puts the item in. */
  enqueue(item: Uint8Array): boolean {
    const held = (this.word(TAIL) - this.word(HEAD)) >>> 0;
    if (held + spaceOf(item.length) > QUEUE_BYTES || this.count >= QUEUE_ITEMS_MAX) return false;
    const tail = this.word(TAIL);
    this.words[(this.itemsAt + (tail & MASK)) / 4] = item.length;
    this.copyIn(item, tail + LENGTH_BYTES);
    this.put(TAIL, tail + spaceOf(item.length));
    this.put(PUT_IN, this.word(PUT_IN) + 1);
    return true;
  }

  /** null: it is empty. */
  dequeue(): Uint8Array | null {
    const head = this.word(HEAD);
    if (head === this.word(TAIL)) return null;
    const length = this.lengthAt(head);
    const item = this.copyOut(head + LENGTH_BYTES, length);
    this.put(HEAD, head + spaceOf(length));
    this.put(TAKEN_OUT, this.word(TAKEN_OUT) + 1);
    return item;
  }

  /** The worker that is told of items, -1 for none. */
  get receiver(): number {
    let last = -1;
    let since = 0;
    for (let worker = 0; worker < this.workers; worker++) {
      const own = this.word(SINCE + worker) >>> 0;
      if (own > since) [last, since] = [worker, own];
    }
    return last;
  }

  /** `since` 0: the worker receives no more. */
  setReceiver(worker: number, since: number): void {
    this.put(SINCE + worker, since);
  }

  isReceiver(worker: number): boolean {
    return this.word(SINCE + worker) !== 0;
  }

  /** Whoever receives from now on is told of every item that is there. */
  tellAgain(): void {
    this.put(TOLD_OF, this.word(TAKEN_OUT));
  }

  /** Is the receiver still to be told of an item? */
  get hasNews(): boolean {
    return this.word(TOLD_OF) !== this.word(PUT_IN);
  }

  /** The receiver will be told of one more. */
  countTold(): void {
    this.put(TOLD_OF, this.word(TOLD_OF) + 1);
  }

  /** Makes the counts agree with the items, after a thread that died within a change. False: they were damaged, and dropped. */
  check(): boolean {
    const items = this.walk();
    if (items < 0) {
      this.put(HEAD, this.word(TAIL));
      this.put(TAKEN_OUT, this.word(PUT_IN));
    } else if (items > this.count) {
      this.put(PUT_IN, this.word(TAKEN_OUT) + items);
    } else {
      this.put(TAKEN_OUT, this.word(PUT_IN) - items);
    }
    if ((this.word(PUT_IN) - this.word(TOLD_OF)) >>> 0 > QUEUE_ITEMS_MAX) this.tellAgain();
    return items >= 0;
  }

  /** Items between head and tail; -1 when their lengths do not add up. */
  private walk(): number {
    let at = this.word(HEAD);
    let left = (this.word(TAIL) - at) >>> 0;
    if (at % LENGTH_BYTES !== 0 || left > QUEUE_BYTES) return -1;
    let items = 0;
    for (; left > 0; items++) {
      const length = this.lengthAt(at);
      if (length < 0 || spaceOf(length) > left) return -1;
      at += spaceOf(length);
      left -= spaceOf(length);
    }
    return items;
  }

  private lengthAt(position: number): number {
    return this.words[(this.itemsAt + (position & MASK)) / 4]!;
  }

  private copyIn(item: Uint8Array, position: number): void {
    const from = position & MASK;
    const first = Math.min(item.length, QUEUE_BYTES - from);
    this.bytes.set(first === item.length ? item : item.subarray(0, first), this.itemsAt + from);
    if (first < item.length) this.bytes.set(item.subarray(first), this.itemsAt);
  }

  private copyOut(position: number, length: number): Uint8Array {
    const from = position & MASK;
    const first = Math.min(length, QUEUE_BYTES - from);
    const item = new Uint8Array(length);
    item.set(this.bytes.subarray(this.itemsAt + from, this.itemsAt + from + first));
    item.set(this.bytes.subarray(this.itemsAt, this.itemsAt + length - first), first);
    return item;
  }

  private get nameAt(): number {
    return (this.at + SINCE + this.workers) * 4;
  }

  private get itemsAt(): number {
    return this.nameAt + QUEUE_NAME_BYTES_MAX;
  }

  private word(index: number): number {
    return this.words[this.at + index]!;
  }

  /** In order: what is stored first must be seen first by whoever looks after a death. */
  private put(index: number, value: number): void {
    Atomics.store(this.words, this.at + index, value | 0);
  }
}

const MASK = QUEUE_BYTES - 1;

function spaceOf(length: number): number {
  return (LENGTH_BYTES + length + 3) & ~3;
}
