// Ends a vitest run with `N passed, N failed` (and `, N skipped`) alone on its last line, which the gate adds up.
import type { Reporter, TestModule } from "vitest/node";
import { addCounts, countsLine, noTests } from "./counts.ts";
import type { Counts } from "./counts.ts";

export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const ofModules = modules.map(countModule).reduce(addCounts, noTests);
    const counts = addCounts(ofModules, { passed: 0, failed: unhandledErrors.length, skipped: 0 });
    process.stdout.write(`\n${countsLine(counts)}\n`);
  }
}

function countModule(module: TestModule): Counts {
  const states = [...module.children.allTests()].map((test) => test.result().state);
  const failedToLoad = module.errors().length > 0 ? 1 : 0;
  return {
    passed: states.filter((state) => state === "passed").length,
    // A test still "pending" at the end of a run hung or was cut off: it has not passed.
    failed: states.filter((state) => state === "failed" || state === "pending").length + failedToLoad,
    skipped: states.filter((state) => state === "skipped").length,
  };
}
