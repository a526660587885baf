// The shared queues of this worker's snapshots: what a plugin registers while its snapshot is prepared counts from the
// moment the snapshot is in charge.

import { StagedQueues } from "@sluice/abi/data-path";
import type { OpenQueueStore, QueueStore } from "@sluice/abi";

export class SnapshotQueues {
  private readonly store: OpenQueueStore;
  private readonly prepared = new Map<number, StagedQueues>();

  constructor(store: OpenQueueStore) {
    this.store = store;
  }

  /** For the plugins of the snapshot of this generation. */
  of(generation: number): QueueStore {
    const queues = this.prepared.get(generation) ?? new StagedQueues(this.store);
    this.prepared.set(generation, queues);
    return queues;
  }

  /** The snapshot is in charge. */
  commit(generation: number): void {
    this.prepared.get(generation)?.commit();
    this.prepared.delete(generation);
  }

  /** The snapshot never will be. */
  abort(generation: number): void {
    this.prepared.delete(generation);
  }
}
