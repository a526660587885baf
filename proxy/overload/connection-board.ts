// How many connections clients hold, by listener and by source, and how many go to upstreams, over all workers: shared memory in which every worker
// writes its own part and sums over all. Two workers that accept in the same microsecond may go one over a bound; no lock
// is worth that one. A dead worker's part is cleared by main.
//
//   Int32:  seed | free … (16)
//           then for each place:  by listener × 16 | to upstreams | sources, first row | sources, second row
//
// Counts by source are a count-min sketch: a source counts as the smaller of two buckets, which it shares with others.
// So memory does not grow with the addresses that connect, and one is only counted too high when both of its buckets
// hold somebody with very many connections. The seed keeps that from being arranged.

import { LISTENERS_MAX } from "../contract/limits.ts";
import { SOURCE_BUCKETS } from "./limits.ts";

const HEADER_WORDS = 16;
const UPSTREAM = LISTENERS_MAX;
const SOURCES = UPSTREAM + 1;
const PLACE_WORDS = SOURCES + 2 * SOURCE_BUCKETS;

/** `seed` is any 32-bit number that nobody outside knows. */
export function createConnectionBoard(places: number, seed: number): SharedArrayBuffer {
  const memory = new SharedArrayBuffer((HEADER_WORDS + places * PLACE_WORDS) * Int32Array.BYTES_PER_ELEMENT);
  new Int32Array(memory)[0] = seed;
  return memory;
}

/** What a dead worker counted is gone with its sockets. */
export function clearConnectionBoard(memory: SharedArrayBuffer, place: number): void {
  const start = HEADER_WORDS + place * PLACE_WORDS;
  new Int32Array(memory).fill(0, start, start + PLACE_WORDS);
}

export class ConnectionBoard {
  private readonly words: Int32Array;
  private readonly own: number;
  private readonly seed: number;

  constructor(memory: SharedArrayBuffer, place: number) {
    this.words = new Int32Array(memory);
    this.own = HEADER_WORDS + place * PLACE_WORDS;
    this.seed = this.words[0]!;
  }

  /** Counts a connection, or takes it back with -1. */
  add(listener: number, address: string, count: 1 | -1): void {
    const source = sourceOf(address);
    this.words[this.own + listener]! += count;
    this.words[this.own + bucket(source, this.seed, 0)]! += count;
    this.words[this.own + bucket(source, ~this.seed, 1)]! += count;
  }

  /** How many connections this worker has to upstreams. */
  noteUpstream(connections: number): void {
    this.words[this.own + UPSTREAM] = connections;
  }

  /** Connections of all clients and to all upstreams. */
  get total(): number {
    let sum = 0;
    for (let column = 0; column <= UPSTREAM; column++) sum += this.sum(column);
    return sum;
  }

  ofListener(listener: number): number {
    return this.sum(listener);
  }

  /** Never too low. */
  ofSource(address: string): number {
    const source = sourceOf(address);
    return Math.min(this.sum(bucket(source, this.seed, 0)), this.sum(bucket(source, ~this.seed, 1)));
  }

  private sum(offset: number): number {
    let sum = 0;
    for (let at = HEADER_WORDS + offset; at < this.words.length; at += PLACE_WORDS) sum += this.words[at]!;
    return sum;
  }
}

/** Whom an address counts as: IPv4 as it is, also when mapped; of IPv6 the /64, which one customer has to himself. */
export function sourceOf(address: string): string {
  if (!address.includes(":")) return address;
  if (address.startsWith("::ffff:") && address.includes(".")) return address.slice("::ffff:".length);
  const [front = "", back] = address.split("::");
  const head = front === "" ? [] : front.split(":");
  if (back === undefined) return head.slice(0, 4).join(":");
  const tail = back === "" ? [] : back.split(":");
  const zeros = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => "0");
  return [...head, ...zeros, ...tail].slice(0, 4).join(":");
}

/** Offset of the source's bucket in a part. FNV-1a, then mixed so that close addresses do not lie side by side. */
function bucket(source: string, seed: number, row: 0 | 1): number {
  let hash = seed ^ 0x811c9dc5;
  for (let i = 0; i < source.length; i++) hash = Math.imul(hash ^ source.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return SOURCES + row * SOURCE_BUCKETS + ((hash ^ (hash >>> 13)) & (SOURCE_BUCKETS - 1));
}
