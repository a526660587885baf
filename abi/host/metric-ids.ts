// HOT: bench abi.
// The metric ids of one plugin: proxy-wasm-cpp-host's scheme, kind in the two low bits (counters 4, 8, 12 …, gauges 5, 9 …,
// histograms 6, 10 …). The same name gives the same id again, so that a guest that defines on every request holds nothing.

import type { MetricStore, MetricType } from "./services.ts";

/** Handed out when the slot's metrics are used up: accepted and dropped, because some SDKs trap on anything but Ok. */
const OVERFLOW = 0x1fff_ffff;

/** What `indexOf` answers besides an index of the store. */
export const UNKNOWN_INDEX = -1;
export const OVERFLOW_INDEX = -2;

export class MetricIds {
  private readonly slot: string;
  private readonly store: MetricStore;
  private readonly idByName = new Map<string, number>();
  /** Index in the store by ordinal, and the kind it was defined with. */
  private readonly indexes: number[] = [];
  private readonly kinds: MetricType[] = [];

  constructor(slot: string, store: MetricStore) {
    this.slot = slot;
    this.store = store;
  }

  define(type: MetricType, name: string): number {
    const key = `${type}${name}`;
    const known = this.idByName.get(key);
    if (known !== undefined) return known;
    const index = this.store.define(this.slot, type, name);
    if (index < 0) return (OVERFLOW << 2) | type;
    this.indexes.push(index);
    this.kinds.push(type);
    const id = (this.indexes.length << 2) | type;
    this.idByName.set(key, id);
    return id;
  }

  /** Index in the store, UNKNOWN_INDEX or OVERFLOW_INDEX. */
  indexOf(id: number): number {
    const ordinal = id >>> 2;
    if (ordinal === OVERFLOW) return OVERFLOW_INDEX;
    const at = ordinal - 1;
    if (at < 0 || at >= this.indexes.length || this.kinds[at] !== (id & 3)) return UNKNOWN_INDEX;
    return this.indexes[at]!;
  }
}
