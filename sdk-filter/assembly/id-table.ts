// Objects under ids that the host gives out, for what comes and goes with every stream: neither adding nor taking
// allocates, but when there are more at a time than ever before. AssemblyScript's Map keeps the places of what was
// deleted and copies itself to be rid of them, again and again.
//
//   ids     | 0 | 17 | 18 | 0 | …      open addressing: an id stands at (id & mask) or, where that is taken, behind it
//   values  |   | a  | b  |   | …

const CAPACITY_MIN: i32 = 16;

/** Ids are not 0. */
@final
export class IdTable<T> {
  private count: i32 = 0;
  private ids: StaticArray<u32> = new StaticArray<u32>(CAPACITY_MIN);
  private values: StaticArray<T | null> = new StaticArray<T | null>(CAPACITY_MIN);

  get(id: u32): T | null {
    const ids = this.ids;
    const mask = ids.length - 1;
    let at = <i32>id & mask;
    while (unchecked(ids[at]) != id) {
      if (unchecked(ids[at]) == 0) return null;
      at = (at + 1) & mask;
    }
    return unchecked(this.values[at]);
  }

  /** `id` must not stand in the table. */
  add(id: u32, value: T): void {
    if (this.count * 2 >= this.ids.length) this.grow();
    this.put(id, value);
    this.count++;
  }

  /** Takes the id's object out; null when there is none. */
  take(id: u32): T | null {
    const ids = this.ids;
    const mask = ids.length - 1;
    let at = <i32>id & mask;
    while (unchecked(ids[at]) != id) {
      if (unchecked(ids[at]) == 0) return null;
      at = (at + 1) & mask;
    }
    const value = unchecked(this.values[at]);
    this.close(at);
    this.count--;
    return value;
  }

  /** Empties the place and moves what stands behind it up, where that is nearer to its own. */
  private close(place: i32): void {
    const ids = this.ids;
    const values = this.values;
    const mask = ids.length - 1;
    let hole = place;
    for (let at = (hole + 1) & mask; unchecked(ids[at]) != 0; at = (at + 1) & mask) {
      const home = <i32>unchecked(ids[at]) & mask;
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      unchecked((ids[hole] = ids[at]));
      unchecked((values[hole] = values[at]));
      hole = at;
    }
    unchecked((ids[hole] = 0));
    unchecked((values[hole] = null));
  }

  private put(id: u32, value: T | null): void {
    const ids = this.ids;
    const mask = ids.length - 1;
    let at = <i32>id & mask;
    while (unchecked(ids[at]) != 0) at = (at + 1) & mask;
    unchecked((ids[at] = id));
    unchecked((this.values[at] = value));
  }

  private grow(): void {
    const ids = this.ids;
    const values = this.values;
    this.ids = new StaticArray<u32>(ids.length * 2);
    this.values = new StaticArray<T | null>(ids.length * 2);
    for (let at = 0; at < ids.length; at++) if (ids[at] != 0) this.put(ids[at], values[at]);
  }
}
