// One thread's shared queues: the rules of the shared store without its memory. Receivers are called when time moves.

import type { TickScheduler, TickTarget } from "../host/services.ts";
import { QUEUE_BYTES, QUEUE_ITEMS_MAX, QUEUE_NAME_BYTES_MAX, QUEUES_MAX, QUEUES_PER_VM_MAX } from "./limits.ts";
import type { OpenQueueStore, QueueReceiver } from "./queue-store.ts";

/** Until the receiver is told of what came while it was told: a queue that fills itself must not stop the clock. */
const NEXT_MS = 1;

/** Queues of one thread, in its own memory. */
export class MemoryQueues implements OpenQueueStore {
  private readonly timers: TickScheduler;
  private readonly queues: MemoryQueue[] = [];

  constructor(timers: TickScheduler) {
    this.timers = timers;
  }

  register(vmId: string, name: Uint8Array, receiver: QueueReceiver): number | "full" {
    const token = this.open(vmId, name);
    if (token !== "full") this.receive(token, receiver);
    return token;
  }

  open(vmId: string, name: Uint8Array): number | "full" {
    const known = this.resolve(vmId, name);
    if (known !== "absent") return known;
    const key = keyOf(name);
    if (Buffer.byteLength(vmId) + 1 + name.length > QUEUE_NAME_BYTES_MAX) return "full";
    const ofVm = this.queues.filter((queue) => queue.vmId === vmId).length;
    if (ofVm >= QUEUES_PER_VM_MAX || this.queues.length >= QUEUES_MAX) return "full";
    this.queues.push(new MemoryQueue({ vmId, key, token: this.queues.length + 1 }, this.timers));
    return this.queues.length;
  }

  receive(token: number, receiver: QueueReceiver): boolean {
    const queue = this.queues[token - 1];
    queue?.receive(receiver);
    return queue !== undefined;
  }

  resolve(vmId: string, name: Uint8Array): number | "absent" {
    const key = keyOf(name);
    return this.queues.find((queue) => queue.vmId === vmId && queue.key === key)?.token ?? "absent";
  }

  enqueue(token: number, item: Uint8Array): "ok" | "absent" | "full" {
    return this.queues[token - 1]?.enqueue(item) ?? "absent";
  }

  dequeue(token: number): Uint8Array | "absent" | "empty" {
    return this.queues[token - 1]?.dequeue() ?? "absent";
  }

  forget(receiver: QueueReceiver): void {
    for (const queue of this.queues) queue.forget(receiver);
  }
}

interface QueueName {
  readonly vmId: string;
  readonly key: string;
  readonly token: number;
}

class MemoryQueue implements TickTarget {
  readonly vmId: string;
  readonly key: string;
  readonly token: number;
  private readonly timers: TickScheduler;
  private readonly items: Uint8Array[] = [];
  private bytes = 0;
  private untold = 0;
  private receivers: QueueReceiver[] = [];

  constructor({ vmId, key, token }: QueueName, timers: TickScheduler) {
    this.vmId = vmId;
    this.key = key;
    this.token = token;
    this.timers = timers;
  }

  enqueue(item: Uint8Array): "ok" | "full" {
    if (this.bytes + spaceOf(item) > QUEUE_BYTES || this.items.length >= QUEUE_ITEMS_MAX) return "full";
    this.items.push(item.slice());
    this.bytes += spaceOf(item);
    if (this.untold++ === 0) this.timers.schedule(this, 0);
    return "ok";
  }

  dequeue(): Uint8Array | "empty" {
    const item = this.items.shift();
    if (item === undefined) return "empty";
    this.bytes -= spaceOf(item);
    return item;
  }

  receive(receiver: QueueReceiver): void {
    if (this.receivers.at(-1) === receiver) return;
    this.receivers = [...this.receivers.filter((one) => one !== receiver), receiver];
    this.tellAgain();
  }

  forget(receiver: QueueReceiver): void {
    const wasLast = this.receivers.at(-1) === receiver;
    this.receivers = this.receivers.filter((one) => one !== receiver);
    if (wasLast) this.tellAgain();
  }

  tick(): void {
    for (let left = this.untold; left > 0 && this.receivers.length > 0; left--) {
      this.untold--;
      this.receivers.at(-1)!.queueReady(this.token);
    }
    if (this.untold > 0 && this.receivers.length > 0) this.timers.schedule(this, NEXT_MS);
  }

  private tellAgain(): void {
    this.untold = this.items.length;
    if (this.untold > 0) this.timers.schedule(this, 0);
  }
}

function keyOf(name: Uint8Array): string {
  return Buffer.from(name).toString("latin1");
}

function spaceOf(item: Uint8Array): number {
  return (4 + item.length + 3) & ~3;
}
