// HOT: bench abi.
// The copies of one stream's request that its slots asked for (`policy_mirror`), until the head goes upstream. What a
// callback asked for counts when it has returned normally. Parallel arrays, so that a pooled stream makes no objects.

import type { MirrorAnswer } from "../host/stream-context.ts";
import type { StreamDriver } from "./driver.ts";
import { MIRRORS_MAX } from "./limits.ts";

export class Mirrors {
  private readonly slots: string[] = [];
  private readonly clusters: string[] = [];
  private readonly flags: number[] = [];
  private count = 0;
  private committedCount = 0;

  clear(): void {
    this.count = 0;
    this.committedCount = 0;
  }

  add(slot: string, cluster: string, flags: number): MirrorAnswer {
    for (let i = 0; i < this.count; i++) if (this.slots[i] === slot && this.clusters[i] === cluster) return "ok";
    if (this.count === MIRRORS_MAX) return "full";
    this.slots[this.count] = slot;
    this.clusters[this.count] = cluster;
    this.flags[this.count] = flags;
    this.count++;
    return "ok";
  }

  commit(): void {
    this.committedCount = this.count;
  }

  rollback(): void {
    this.count = this.committedCount;
  }

  /** The head went upstream: the driver is told of each copy. */
  tell(driver: StreamDriver): void {
    const { count } = this;
    this.clear();
    for (let i = 0; i < count; i++) driver.mirror(this.slots[i]!, this.clusters[i]!, this.flags[i]!);
  }
}
