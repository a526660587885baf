// The one gate, `npm test`: every check in order, one line each, then the sum alone on the last line. A check counts as
// one test, a vitest run as its tests. A failing check prints what it said; the others still run.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { addCounts, countsLine, noTests, parseCounts } from "./counts.ts";
import type { Counts } from "./counts.ts";

const root = resolve(import.meta.dirname, "../..");

interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** True for a vitest run: its tests count, not the step. */
  readonly hasTests?: boolean;
  readonly timeoutMs?: number;
}

interface StepResult {
  readonly counts: Counts;
  readonly output: string;
}

const stepTimeoutMs = 180_000;
const packages = ["abi", "proxy", "registry", "sdk-filter", "filters-as", "bin"];

const steps: readonly Step[] = [
  { name: "format", command: ["oxfmt", "--check"] },
  { name: "lint", command: ["oxlint", "--deny-warnings"] },
  { name: "arrows between the parts", command: ["node", "test/gate/arrows.ts"] },
  { name: "types", command: ["tsc", "-p", "."] },
  { name: "types of the console", command: ["tsc", "-p", "registry/console"] },
  { name: "dead code", command: ["knip", "--no-progress"] },
  { name: "packed packages", command: ["node", "release/pack.ts"] },
  ...packages.map((name): Step => ({
    name: `packed package ${name}`,
    command: ["publint", `artifacts/packages/staging/${name}`, "--strict", "--pack", "false"],
  })),
  { name: "generated from abi/spec", command: ["node", "abi/spec/generate.ts", "--check"] },
  { name: "generated docs/errors.md", command: ["node", "docs/generate-errors.ts", "--check"] },
  { name: "generated field scanner", command: ["node", "proxy/codec/http1/generate-scanner.ts", "--check"] },
  { name: "guests of the behaviour table", command: ["node", "test/behaviour/build.ts"], timeoutMs: 300_000 },
  {
    name: "unit",
    command: ["vitest", "run", "--project", "unit", "--project", "conformance"],
    hasTests: true,
    timeoutMs: 600_000,
  },
  { name: "e2e", command: ["vitest", "run", "--project", "e2e"], hasTests: true, timeoutMs: 1_200_000 },
];

await main();

async function main(): Promise<void> {
  refuseOldNode();
  let total = noTests;
  for (const step of chosen(process.argv.slice(2))) {
    const startedMs = performance.now();
    const result = await runStep(step);
    report(step, result, performance.now() - startedMs);
    total = addCounts(total, result.counts);
  }
  console.log(`\n${countsLine(total)}`);
  process.exitCode = total.failed > 0 ? 1 : 0;
}

// `npm test` finds the pinned Node 24 in node_modules/.bin; a plain `node` may be older and cannot strip types.
function refuseOldNode(): void {
  if (Number(process.versions.node.split(".")[0]) >= 24) return;
  console.error(`The tests need Node 24 or newer, this is ${process.version}. Run "npm ci", then "npm test".`);
  process.exit(2);
}

/** All steps, or those whose name contains one of the words given: `npm test -- lint types`. */
function chosen(words: readonly string[]): readonly Step[] {
  if (words.length === 0) return steps;
  return steps.filter((step) => words.some((word) => step.name.includes(word)));
}

async function runStep(step: Step): Promise<StepResult> {
  const { exitCode, output } = await runCommand(step);
  if (step.hasTests !== true) {
    const passed = exitCode === 0 ? 1 : 0;
    return { counts: { passed, failed: 1 - passed, skipped: 0 }, output };
  }
  return { counts: testCounts(exitCode, output), output };
}

// A run that ends badly although no test failed (a crash, an error outside any test) is one failure of its own.
function testCounts(exitCode: number | null, output: string): Counts {
  const counts = parseCounts(output) ?? noTests;
  const isUnexplained = exitCode !== 0 && counts.failed === 0;
  const isEmpty = counts.passed + counts.failed + counts.skipped === 0;
  return isUnexplained || isEmpty ? addCounts(counts, { passed: 0, failed: 1, skipped: 0 }) : counts;
}

function runCommand(step: Step): Promise<{ exitCode: number | null; output: string }> {
  const bin = join(root, "node_modules/.bin");
  const [program = "", ...args] = step.command;
  const path = existsSync(join(bin, program)) ? join(bin, program) : program;
  return new Promise((done) => {
    const child = spawn(path, args, {
      cwd: root,
      env: { ...process.env, PATH: `${bin}${delimiter}${process.env["PATH"] ?? ""}`, NO_COLOR: "1", FORCE_COLOR: "0" },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: step.timeoutMs ?? stepTimeoutMs,
      killSignal: "SIGKILL",
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += String(chunk)));
    child.on("error", (error) => done({ exitCode: null, output: `${output}\n${error.message}` }));
    child.on("close", (exitCode, signal) => {
      done({ exitCode, output: signal === null ? output : `${output}\nended by ${signal}: over its time limit` });
    });
  });
}

function report(step: Step, result: StepResult, durationMs: number): void {
  const mark = result.counts.failed === 0 ? "ok  " : "FAIL";
  const tests = step.hasTests === true ? ` (${countsLine(result.counts)})` : "";
  console.log(`${mark}  ${step.name}${tests}  ${(durationMs / 1000).toFixed(1)} s`);
  for (const line of skipLines(result.output)) console.log(`      ${line}`);
  if (result.counts.failed > 0) console.log(indent(result.output.trim()));
}

/** A test skipped for want of a system package says so in one line; that line must be seen in the summary too. */
function skipLines(output: string): string[] {
  return [...new Set(output.match(/^skipped: .*$/gm) ?? [])];
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, "      ");
}
