// The seam of shared queues: what filters of all threads put into each other's hands. One implementation is exact over
// threads (shared-queues.ts), one is for a single thread and time that is moved by hand (memory-queues.ts).

/** A root context that registered a queue. */
export interface QueueReceiver {
  /** From the event loop and never within a hostcall: once for each item, also when it was taken meanwhile. */
  queueReady(token: number): void;
}

/**
 * First-in-first-out queues by vm id and name. Tokens are the process's, from 1 on, and not used again. `busy`: a lock was not
 * to be had in bounded time. What is handed in is copied, what is handed out is the caller's.
 */
export interface QueueStore {
  /** Makes or finds a queue; `receiver` is called for its items from now on. `full`: a bound of the store. */
  register(vmId: string, name: Uint8Array, receiver: QueueReceiver): number | "full" | "busy";
  resolve(vmId: string, name: Uint8Array): number | "absent" | "busy";
  enqueue(token: number, item: Uint8Array): "ok" | "absent" | "full" | "busy";
  dequeue(token: number): Uint8Array | "absent" | "empty" | "busy";
  /**
   * `receiver` is called no more. The one that registered before it takes over and is told of every item that is there;
   * without one items wait for the next.
   */
  forget(receiver: QueueReceiver): void;
}

/** A store that can make a queue before it has a receiver. */
export interface OpenQueueStore extends QueueStore {
  /** Makes or finds a queue and leaves its receiver as it is. */
  open(vmId: string, name: Uint8Array): number | "full" | "busy";
  /** `receiver` is called for the queue's items from now on. False: no such queue. */
  receive(token: number, receiver: QueueReceiver): boolean;
}
