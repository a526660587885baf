// HOT: bench abi.
// Exact, prefix and suffix tables: the entries in order (a suffix is read from its end), searched by halving. Of a value's
// neighbour below, every entry that the value starts with is that neighbour or a beginning of it: so each entry knows the
// longest other one that it starts with, and the search goes up from there.

import { MatcherKind } from "../spec/enums.ts";
import type { Matcher, TableEntry } from "./matcher.ts";

const NONE = -1;

export class StringTable implements Matcher {
  private readonly isExact: boolean;
  private readonly isBackward: boolean;
  /** All entries one behind the other, in reading direction. */
  private readonly bytes: Uint8Array;
  private readonly starts: Int32Array;
  private readonly classes: Int32Array;
  /** The longest other entry that this one starts with; NONE for none. */
  private readonly parents: Int32Array;

  /** Or what is wrong with the entries. */
  static of(kind: number, entries: readonly TableEntry[]): StringTable | string {
    const isBackward = kind === MatcherKind.Suffix;
    const sorted = entries
      .map((entry) => ({ key: Buffer.from(isBackward ? entry.text.toReversed() : entry.text), class: entry.class }))
      .toSorted((a, b) => Buffer.compare(a.key, b.key));
    const twin = sorted.findIndex((entry, i) => i > 0 && entry.key.equals(sorted[i - 1]!.key));
    if (twin < 0) return new StringTable(kind, sorted);
    const key = isBackward ? sorted[twin]!.key.toReversed() : sorted[twin]!.key;
    return `"${Buffer.from(key).toString()}" is there twice`;
  }

  private constructor(kind: number, sorted: readonly { readonly key: Uint8Array; readonly class: number }[]) {
    this.isExact = kind === MatcherKind.Exact;
    this.isBackward = kind === MatcherKind.Suffix;
    this.bytes = new Uint8Array(Buffer.concat(sorted.map(({ key }) => key)));
    this.classes = Int32Array.from(sorted, (entry) => entry.class);
    this.starts = new Int32Array(sorted.length + 1);
    this.parents = new Int32Array(sorted.length).fill(NONE);
    sorted.forEach(({ key }, i) => (this.starts[i + 1] = this.starts[i]! + key.length));
    for (let i = 1; i < sorted.length; i++) this.parents[i] = this.parentOf(i);
  }

  classOf(bytes: Uint8Array, start: number, length: number): number {
    const below = this.lastUpTo(bytes, start, length);
    if (below === NONE) return 0;
    const shared = this.shared(below, bytes, start, length);
    let entry = below;
    while (entry !== NONE && this.lengthOf(entry) > shared) entry = this.parents[entry]!;
    if (entry === NONE || (this.isExact && this.lengthOf(entry) !== length)) return 0;
    return this.classes[entry]!;
  }

  /** The last entry that is not behind the value; NONE when all are. */
  private lastUpTo(bytes: Uint8Array, start: number, length: number): number {
    let from = 0;
    let to = this.classes.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (this.isBehind(middle, bytes, start, length)) to = middle;
      else from = middle + 1;
    }
    return from - 1;
  }

  private isBehind(entry: number, bytes: Uint8Array, start: number, length: number): boolean {
    const shared = this.shared(entry, bytes, start, length);
    if (shared === this.lengthOf(entry)) return false;
    return shared === length || this.bytes[this.starts[entry]! + shared]! > this.byteAt(bytes, start, length, shared);
  }

  /** How many bytes an entry and the value begin with alike. */
  private shared(entry: number, bytes: Uint8Array, start: number, length: number): number {
    const at = this.starts[entry]!;
    const most = Math.min(length, this.lengthOf(entry));
    let i = 0;
    while (i < most && this.bytes[at + i] === this.byteAt(bytes, start, length, i)) i++;
    return i;
  }

  private byteAt(bytes: Uint8Array, start: number, length: number, i: number): number {
    return bytes[this.isBackward ? start + length - 1 - i : start + i]!;
  }

  private lengthOf(entry: number): number {
    return this.starts[entry + 1]! - this.starts[entry]!;
  }

  /** Among the neighbour before it and that one's beginnings, which are known already. */
  private parentOf(entry: number): number {
    const at = this.starts[entry]!;
    const before = this.starts[entry - 1]!;
    const most = Math.min(this.lengthOf(entry), this.lengthOf(entry - 1));
    let shared = 0;
    while (shared < most && this.bytes[at + shared] === this.bytes[before + shared]) shared++;
    let parent = entry - 1;
    while (parent !== NONE && this.lengthOf(parent) > shared) parent = this.parents[parent]!;
    return parent;
  }
}
