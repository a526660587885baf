// The main thread's book of quotas: which name has which place in shared memory, for the life of the process. A quota that
// comes back finds its buckets; its windows keep theirs when their rates change.

import type { QuotaDefinition, QuotaWindow } from "./quota-backend.ts";
import { QUOTA_WINDOWS_MAX, QUOTAS_MAX } from "./limits.ts";
import { QUOTA_COUNT, QuotaMemory, THREAD_COUNT } from "./quota-memory.ts";
import { QuotaRates } from "./quota-rates.ts";

/** A quota as a snapshot has it. */
export interface QuotaPlan {
  readonly name: string;
  readonly index: number;
  /** Its windows by place, QUOTA_WINDOWS_MAX in all. */
  readonly places: readonly (QuotaWindow | null)[];
}

/** What was asked of one quota. */
export interface QuotaCounts {
  readonly quota: string;
  readonly granted: number;
  readonly refused: number;
  /** Of both, those answered from the bucket that keys without a place share. */
  readonly overflow: number;
}

/** What happened in the table. */
export interface QuotaTableCounts {
  /** Places in use; a key that is at rest gives its place up when another needs it. */
  readonly keys: number;
  readonly evicted: number;
  /** New keys that found no place, and that did not get the lock in time. */
  readonly full: number;
  readonly busy: number;
}

interface Known {
  readonly index: number;
  places: readonly (QuotaWindow | null)[];
  /** Counts up with every deployment; the least recent gives its place away when all are used. */
  usedAt: number;
}

const NO_PLACES: readonly null[] = Array.from({ length: QUOTA_WINDOWS_MAX }, () => null);

/** Which quota has which place in shared memory, for the life of the process. The main thread has the only one. */
export class QuotaBook {
  private readonly memory: QuotaMemory;
  private readonly rates: QuotaRates;
  private readonly nowUs: () => number;
  private readonly known = new Map<string, Known>();
  private deployments = 0;

  constructor(buffer: SharedArrayBuffer, nowUs: () => number) {
    this.memory = new QuotaMemory(buffer);
    this.rates = new QuotaRates(this.memory);
    this.nowUs = nowUs;
  }

  /**
   * Plans for a deployment's quotas, at most QUOTAS_MAX. Quotas that were never there can be used at once; the others keep
   * their rates until `apply`.
   */
  plan(definitions: readonly QuotaDefinition[]): QuotaPlan[] {
    this.deployments++;
    for (const { name } of definitions) {
      const known = this.known.get(name);
      if (known !== undefined) known.usedAt = this.deployments;
    }
    return definitions.map((definition) => this.planOne(definition));
  }

  /** The deployment is in charge: its rates hold from now on, for every thread. */
  apply(plans: readonly QuotaPlan[]): void {
    for (const { name, places } of plans) {
      const known = this.known.get(name);
      if (known !== undefined && !isSame(known.places, places)) this.write(known, places);
    }
  }

  counts(): QuotaCounts[] {
    return [...this.known].map(([quota, { index }]) => {
      const rows = this.threads().map((thread) => this.memory.quotaCounts(thread, index));
      const sum = (cell: number): number => rows.reduce((total, row) => total + row[cell]!, 0);
      return {
        quota,
        granted: sum(QUOTA_COUNT.granted),
        refused: sum(QUOTA_COUNT.refused),
        overflow: sum(QUOTA_COUNT.overflow),
      };
    });
  }

  tableCounts(): QuotaTableCounts {
    const rows = this.threads().map((thread) => this.memory.threadCounts(thread));
    const sum = (cell: number): number => rows.reduce((total, row) => total + row[cell]!, 0);
    return {
      keys: sum(THREAD_COUNT.broughtIn),
      evicted: sum(THREAD_COUNT.evicted),
      full: sum(THREAD_COUNT.full),
      busy: sum(THREAD_COUNT.busy),
    };
  }

  private planOne({ name, windows }: QuotaDefinition): QuotaPlan {
    const known = this.known.get(name);
    if (known !== undefined) return { name, index: known.index, places: placesOf(windows, known.places) };
    const made: Known = { index: this.freeIndex(), places: NO_PLACES, usedAt: this.deployments };
    this.known.set(name, made);
    this.write(made, placesOf(windows, NO_PLACES));
    return { name, index: made.index, places: made.places };
  }

  private write(known: Known, places: readonly (QuotaWindow | null)[]): void {
    known.places = places;
    this.rates.write(known.index, places, this.nowUs());
  }

  private freeIndex(): number {
    if (this.known.size < QUOTAS_MAX) return this.known.size;
    const [name, { index }] = [...this.known].reduce((oldest, one) =>
      one[1].usedAt < oldest[1].usedAt ? one : oldest,
    );
    this.known.delete(name);
    for (const thread of this.threads()) this.memory.quotaCounts(thread, index).fill(0);
    return index;
  }

  private threads(): number[] {
    return Array.from({ length: this.memory.threads }, (_, thread) => thread);
  }
}

/**
 * Which place each window gets: that of the window before it with the same unit of time, else one whose window is gone, else
 * a free one. So a window keeps its buckets when its rate changes, and others may come and go beside it.
 */
function placesOf(
  windows: readonly QuotaWindow[],
  before: readonly (QuotaWindow | null)[],
): readonly (QuotaWindow | null)[] {
  const places: (QuotaWindow | null)[] = [...NO_PLACES];
  const put = (left: readonly QuotaWindow[], fits: (window: QuotaWindow, place: number) => boolean): QuotaWindow[] =>
    left.filter((window) => {
      const place = places.findIndex((taken, at) => taken === null && fits(window, at));
      if (place >= 0) places[place] = window;
      return place < 0;
    });
  const others = put(windows, ({ perMs }, place) => before[place]?.perMs === perMs);
  const fresh = put(others, (_, place) => before[place] !== null);
  put(fresh, (_, place) => places[place] === null);
  return places;
}

function isSame(a: readonly (QuotaWindow | null)[], b: readonly (QuotaWindow | null)[]): boolean {
  return a.every((window, place) => {
    const other = b[place]!;
    if (window === null || other === null) return window === other;
    return window.count === other.count && window.perMs === other.perMs && window.burst === other.burst;
  });
}
