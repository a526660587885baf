// A worker of quota-threads.test.ts: asks for units of keys as fast as it can, and tells what it was granted by key.
import { parentPort, workerData } from "node:worker_threads";
import type { QuotaPlan } from "./quota-book.ts";
import { SharedQuotas } from "./shared-quotas.ts";

export interface QuotaJob {
  readonly buffer: SharedArrayBuffer;
  readonly plans: readonly QuotaPlan[];
  readonly thread: number;
  /** The clock stands here. */
  readonly nowUs: number;
  readonly keys: number;
  readonly times: number;
  readonly amount: number;
  /** Everything granted is given back at once. */
  readonly givesBack: boolean;
}

const { buffer, plans, thread, nowUs, keys, times, amount, givesBack } = workerData as QuotaJob;
const quotas = new SharedQuotas(buffer, { owner: { index: thread, epoch: 0 }, thread, nowUs: () => nowUs });
const quota = quotas.backend(plans).find("q")!;
const granted = Array.from({ length: keys }, () => 0);
for (let i = 0; i < times; i++) {
  for (let key = 0; key < keys; key++) {
    const reservation = quota.reserve(Buffer.from(`key ${key}`), amount, false);
    granted[key]! += reservation.granted;
    if (givesBack) reservation.giveBack();
  }
}
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread's port, not a window
parentPort!.postMessage(granted);
