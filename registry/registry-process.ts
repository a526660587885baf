// A registry as its own process, for the test that kills it: `registry-process.ts STATE_DIR`. Prints its address.

import { pino } from "pino";
import { createRegistry } from "./registry.ts";

const stateDir = process.argv[2];
if (stateDir === undefined) throw new Error("usage: registry-process.ts STATE_DIR");
const registry = await createRegistry({
  stateDir,
  address: "127.0.0.1:0",
  log: pino({ level: "error" }, pino.destination(2)),
});
process.stdout.write(`${registry.address}\n`);
