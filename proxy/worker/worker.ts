// The entry of a worker thread: takes plans from main, makes snapshots of them, serves traffic with the current one.
// It decides nothing: main says what to prepare, when to switch, where to listen and when to drain.

import { parentPort, workerData } from "node:worker_threads";
import { WorkerThread } from "./worker-thread.ts";
import type { ToWorker, WorkerStart } from "./messages.ts";

const port = parentPort!;
const thread = new WorkerThread(workerData as WorkerStart, (message, transfer) => port.postMessage(message, transfer));
port.on("message", (message: ToWorker) => thread.take(message));
thread.start();
