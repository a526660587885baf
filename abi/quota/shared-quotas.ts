// Quotas on shared memory, as one thread has them. The main thread says which there are and at what rates (QuotaBook); a
// worker finds them by the names of its snapshot.

import type { Owner } from "../shared/shard-lock.ts";
import type { QuotaBackend } from "./quota-backend.ts";
import type { QuotaPlan } from "./quota-book.ts";
import { QuotaMemory } from "./quota-memory.ts";
import { QuotaRates } from "./quota-rates.ts";
import { QuotaTable } from "./quota-table.ts";
import { SharedQuota, type QuotaParts } from "./shared-quota.ts";

export interface QuotaThread {
  /** Who holds this thread's locks, should it die. */
  readonly owner: Owner;
  /** Whose counts it adds to, below the memory's number of threads. */
  readonly thread: number;
  readonly nowUs: () => number;
}

/** Quotas that are exact over the threads that have the same buffer. */
export class SharedQuotas {
  private readonly memory: QuotaMemory;
  private readonly parts: QuotaParts;
  private readonly thread: number;

  constructor(buffer: SharedArrayBuffer, { owner, thread, nowUs }: QuotaThread) {
    const memory = new QuotaMemory(buffer);
    const rates = new QuotaRates(memory);
    const table = new QuotaTable(memory, rates, owner, memory.threadCounts(thread));
    this.memory = memory;
    this.thread = thread;
    this.parts = { memory, rates, table, nowUs };
  }

  /** The quotas of one snapshot. */
  backend(plans: readonly QuotaPlan[]): QuotaBackend {
    const quotas = new Map(
      plans.map(({ name, index, places }) => {
        const windows = places.filter((window) => window !== null);
        const counts = this.memory.quotaCounts(this.thread, index);
        return [name, new SharedQuota(name, index, windows, this.parts, counts)];
      }),
    );
    return { find: (name) => quotas.get(name) ?? null };
  }

  /** Frees the locks of a thread that is known to have ended; how many it held. */
  freeLocksOf(dead: Owner): number {
    return this.parts.table.freeLocksOf(dead);
  }
}
