// Replaces all workers, one after the other, while they serve: for memory that has grown, or for a change that only a
// new thread takes. It stops at the first that cannot be replaced; the others go on as they are.

import type { Logger } from "pino";
import type { DrainBounds } from "../exchange/drain-bounds.ts";
import type { WorkerPool } from "./worker-pool.ts";

/** What is known of the replacement under way, or of the last one. */
export interface ReplacementProgress {
  readonly workers: number;
  replaced: number;
  /** The one that is being replaced now; null: it is over. */
  current: number | null;
  /** Why it ended early. */
  failed: string | null;
  readonly startedAt: string;
  endedAt: string | null;
}

export class RollingReplacement {
  progress: ReplacementProgress | null = null;
  private readonly pool: Pick<WorkerPool, "count" | "renew">;
  private readonly log: Logger;

  constructor(pool: Pick<WorkerPool, "count" | "renew">, log: Logger) {
    this.pool = pool;
    this.log = log;
  }

  get isRunning(): boolean {
    return this.progress?.endedAt === null;
  }

  /** Resolves when all are replaced, or when one could not be. Must not be called while one is under way. */
  async run(bounds: DrainBounds): Promise<ReplacementProgress> {
    const workers = this.pool.count;
    const startedAt = new Date().toISOString();
    const progress: ReplacementProgress = {
      workers,
      replaced: 0,
      current: null,
      failed: null,
      startedAt,
      endedAt: null,
    };
    this.progress = progress;
    for (let worker = 0; worker < workers && progress.failed === null; worker++) {
      progress.current = worker;
      progress.failed = await this.pool.renew(worker, bounds);
      if (progress.failed === null) progress.replaced++;
    }
    this.tell(progress);
    progress.current = null;
    progress.endedAt = new Date().toISOString();
    return progress;
  }

  private tell({ workers, replaced, current, failed }: ReplacementProgress): void {
    if (failed === null) this.log.info({ workers, replaced }, "all workers are replaced");
    else this.log.error({ workers, replaced, worker: current, reason: failed }, "the replacement of workers stopped");
  }
}
