// HOT: bench abi.
// A small set of header names, kept as hashes: which names a check read, which were edited since, which routes match on.
// A name that collides counts as present, so that the worst a collision does is ask a check once more.

/** Names kept one by one; a set that gets more counts as "every name". */
const NAMES_MAX = 32;

/** A set of header names that is asked with bytes. Grows until it is cleared. */
export class NameSet {
  private readonly hashes = new Int32Array(NAMES_MAX);
  private count = 0;
  private isAll = false;
  /** While set, each name that is added is also appended here as a string: for those who show what was read. */
  spelled: string[] | null = null;

  clear(): void {
    this.count = 0;
    this.isAll = false;
  }

  get isEmpty(): boolean {
    return this.count === 0 && !this.isAll;
  }

  /** Adds `name[at, at + length)`, without regard to case. */
  add(name: Uint8Array, at: number, length: number): void {
    if (this.spelled !== null) this.spelled.push(Buffer.from(name.subarray(at, at + length)).toString("latin1"));
    if (this.isAll) return;
    const hash = hashOf(name, at, length);
    if (this.hasHash(hash)) return;
    if (this.count === NAMES_MAX) this.isAll = true;
    else this.hashes[this.count++] = hash;
  }

  /** The set becomes "every name": a whole map was read or replaced. */
  addAll(): void {
    if (this.spelled !== null) this.spelled.push("*");
    this.isAll = true;
  }

  has(name: Uint8Array, at: number, length: number): boolean {
    return this.isAll || this.hasHash(hashOf(name, at, length));
  }

  /** True when some name is in both sets. */
  meets(other: NameSet): boolean {
    if (this.isEmpty || other.isEmpty) return false;
    if (this.isAll || other.isAll) return true;
    for (let i = 0; i < this.count; i++) if (other.hasHash(this.hashes[i]!)) return true;
    return false;
  }

  private hasHash(hash: number): boolean {
    for (let i = 0; i < this.count; i++) if (this.hashes[i] === hash) return true;
    return false;
  }
}

/** The set of these names, for routes and tests. */
export function nameSetOf(names: Iterable<string>): NameSet {
  const set = new NameSet();
  for (const name of names) set.add(Buffer.from(name, "latin1"), 0, name.length);
  return set;
}

/** FNV-1a over the name in lower case. */
function hashOf(name: Uint8Array, at: number, length: number): number {
  let hash = 0x811c9dc5 | 0;
  for (let i = at; i < at + length; i++) {
    const byte = name[i]!;
    const folded = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
    hash = Math.imul(hash ^ folded, 0x01000193);
  }
  return hash;
}
