// Queues as the plugins of one snapshot see them. A plugin that starts in a snapshot that is not in charge yet must not take
// over: should another worker veto, what it was told would be lost on a revision that never served. It becomes the
// receiver of what it registered when its snapshot takes charge.

import type { OpenQueueStore, QueueReceiver, QueueStore } from "./queue-store.ts";

export class StagedQueues implements QueueStore {
  private readonly store: OpenQueueStore;
  /** Registrations that wait, in order; null once the snapshot is in charge. */
  private waiting: { readonly token: number; readonly receiver: QueueReceiver }[] | null = [];

  constructor(store: OpenQueueStore) {
    this.store = store;
  }

  /** The snapshot is in charge from now on. */
  commit(): void {
    const { waiting } = this;
    this.waiting = null;
    for (const { token, receiver } of waiting ?? []) this.store.receive(token, receiver);
  }

  register(vmId: string, name: Uint8Array, receiver: QueueReceiver): number | "full" | "busy" {
    if (this.waiting === null) return this.store.register(vmId, name, receiver);
    const token = this.store.open(vmId, name);
    if (typeof token === "number") this.waiting.push({ token, receiver });
    return token;
  }

  resolve(vmId: string, name: Uint8Array): number | "absent" | "busy" {
    return this.store.resolve(vmId, name);
  }

  enqueue(token: number, item: Uint8Array): "ok" | "absent" | "full" | "busy" {
    return this.store.enqueue(token, item);
  }

  dequeue(token: number): Uint8Array | "absent" | "empty" | "busy" {
    return this.store.dequeue(token);
  }

  forget(receiver: QueueReceiver): void {
    this.waiting = this.waiting?.filter((one) => one.receiver !== receiver) ?? null;
    this.store.forget(receiver);
  }
}
