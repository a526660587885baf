// A worker of shared-queues.test.ts: puts items in, takes them out as it is told of them, or takes a queue's lock and never
// gives it back.
import { parentPort, workerData } from "node:worker_threads";
import { acquireLock, lockWord, type Owner } from "./shard-lock.ts";
import { SharedQueues } from "./shared-queues.ts";

/** What the test asks of the worker. */
export interface QueueJob {
  readonly buffer: SharedArrayBuffer;
  readonly workers: number;
  readonly owner: Owner;
  readonly task:
    | { readonly kind: "put"; readonly items: number }
    | { readonly kind: "take" }
    | { readonly kind: "poll"; readonly token: number }
    | { readonly kind: "hold"; readonly lockAt: number };
}

const { buffer, workers, owner, task } = workerData as QueueJob;
const store = new SharedQueues(buffer, { owner, workers });
const name = Buffer.from("q");

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread's port, not a window
const tell = (message: unknown): void => parentPort!.postMessage(message);

switch (task.kind) {
  case "put":
    put(task.items);
    break;
  case "take":
    take();
    break;
  case "poll":
    poll(task.token);
    break;
  case "hold":
    hold(task.lockAt);
}

function put(items: number): void {
  const token = store.open("vm", name) as number;
  for (let done = 0; done < items;) {
    if (store.enqueue(token, Buffer.from(`${owner.index}:${done}`)) === "ok") done++;
  }
  tell("put");
}

/** Says what it took at each call. */
function take(): void {
  const receiver = {
    queueReady(token: number): void {
      const item = store.dequeue(token);
      tell({ took: typeof item === "string" ? null : Buffer.from(item).toString() });
    },
  };
  tell({ token: store.register("vm", name, receiver) });
  parentPort!.on("message", () => undefined);
}

/** Takes what it can until it finds the last word, without being told. */
function poll(token: number): void {
  const taken: string[] = [];
  while (taken.at(-1) !== "end") {
    const item = store.dequeue(token);
    if (typeof item !== "string") taken.push(Buffer.from(item).toString());
  }
  tell(taken);
}

function hold(lockAt: number): void {
  acquireLock(new Int32Array(buffer), lockAt, lockWord(owner));
  tell("holding");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
