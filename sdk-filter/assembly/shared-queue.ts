// Queues shared by filters of all workers: items go in at one end, in one order, and come out once. Needs the capability
// `queue`.

import { encodeText, encodedSize, out, outPointer, outSize } from "./arena";
import { Text, Value } from "./bytes";
import { Status } from "./generated/enums";
import {
  proxy_dequeue_shared_queue,
  proxy_enqueue_shared_queue,
  proxy_register_shared_queue,
  proxy_resolve_shared_queue,
} from "./generated/hostcalls";

/** One queue. */
@final
export class SharedQueue {
  /** What `onQueueReady` names it by. */
  readonly id: u32;
  private readonly view: Value = new Value();

  constructor(id: u32) {
    this.id = id;
  }

  /** Makes or finds a queue of this filter's; this plugin is told of each item by `onQueueReady`. null: refused. */
  static receive(name: string): SharedQueue | null {
    const start = encodeText(name);
    if (proxy_register_shared_queue(start, encodedSize(), out) != Status.Ok) return null;
    return new SharedQueue(load<u32>(out));
  }

  /** Finds a queue that a filter with this vmId (its slot's name, unless the deployment says another) receives; null: none. */
  static find(vmId: string, name: string): SharedQueue | null {
    const vmStart = encodeText(vmId);
    const vmSize = encodedSize();
    const start = encodeText(name);
    if (proxy_resolve_shared_queue(vmStart, vmSize, start, encodedSize(), out) != Status.Ok) return null;
    return new SharedQueue(load<u32>(out));
  }

  /** Puts an item in; false when the queue is full or gone. */
  push(text: string): bool {
    const start = encodeText(text);
    return proxy_enqueue_shared_queue(this.id, start, encodedSize()) == Status.Ok;
  }

  pushText(text: Text): bool {
    return proxy_enqueue_shared_queue(this.id, text.start, text.size) == Status.Ok;
  }

  /** Takes the oldest item; null when there is none (another took it). Valid until the callback returns or the next take. */
  take(): Value | null {
    if (proxy_dequeue_shared_queue(this.id, out, out + 4) != Status.Ok) return null;
    this.view.set(outPointer(), outSize());
    return this.view;
  }
}
