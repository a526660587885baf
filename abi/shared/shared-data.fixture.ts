// A worker of shared-data.test.ts: appends to a value by compare-and-swap, or takes a shard's lock and never gives it back.
import { parentPort, workerData } from "node:worker_threads";
import { acquireLock, lockWord, type Owner } from "./shard-lock.ts";
import { SharedData } from "./shared-data.ts";

interface Job {
  readonly buffer: SharedArrayBuffer;
  readonly owner: Owner;
  readonly task:
    | { readonly kind: "append"; readonly times: number }
    | { readonly kind: "hold"; readonly lockAt: number };
}

const { buffer, owner, task } = workerData as Job;
if (task.kind === "append") append(task.times);
else hold(task.lockAt);

function append(times: number): void {
  const store = new SharedData(buffer, owner);
  const key = Buffer.from("log");
  for (let done = 0; done < times;) {
    const before = store.get("vm", key);
    if (before === "busy") continue;
    const [text, cas] = before === "absent" ? ["", 0] : [Buffer.from(before.value).toString(), before.cas];
    if (store.set("vm", key, Buffer.from(`${text}${owner.index}`), cas) === "ok") done++;
  }
}

function hold(lockAt: number): void {
  const words = new Int32Array(buffer);
  acquireLock(words, lockAt, lockWord(owner));
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread's port, not a window
  parentPort!.postMessage("holding");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
