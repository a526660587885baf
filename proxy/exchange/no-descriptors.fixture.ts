// A proxy in a process with few descriptors. A number as message: that many are left free, all others are taken.

import { closeSync, openSync } from "node:fs";
import { EXCHANGE_COUNTER } from "./exchange-counters.ts";
import { Loopback } from "./loopback.ts";

const loopback = await Loopback.start();
const taken: number[] = [];

process.on("message", (left: number) => {
  for (const descriptor of taken.splice(0)) closeSync(descriptor);
  takeAll();
  for (let i = 0; i < left && taken.length > 0; i++) closeSync(taken.pop()!);
  process.send!({
    connects: loopback.counters[EXCHANGE_COUNTER.upstreamConnectFailures],
    flags: loopback.seen.at(-1)?.flags,
  });
});
process.on("disconnect", () => process.exit());
process.send!({ port: loopback.port });

function takeAll(): void {
  try {
    for (;;) taken.push(openSync("/dev/null", "r"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EMFILE") throw error;
  }
}
