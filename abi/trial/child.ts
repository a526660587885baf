// The process in which a module is tried: forked by trial.ts, one trial each, killed afterwards whatever became of it.
import { flushCompileCache } from "node:module";
import { setFlagsFromString } from "node:v8";
import { runTrial } from "./run-trial.ts";
import type { TrialInput, TrialMessage } from "./trial-report.ts";

const tell = (message: TrialMessage): void => void process.send!(message);

process.once("message", async (input: TrialInput) => {
  // Every function is compiled at once, inside the bounds of this process: lazily, the cost would come with a request.
  setFlagsFromString("--no-wasm-lazy-compilation");
  tell({ kind: "report", report: await runTrial(input, (step) => tell({ kind: "step", step })) });
});

process.once("disconnect", () => process.exit());

tell({ kind: "ready" });
// Node keeps compiled code at a clean exit, and this process is always killed. With it the next child starts in 90 ms
// instead of 260.
flushCompileCache();
