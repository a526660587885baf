// `npm run bench -- NAME [--json|--markdown] [--scenario NAME]`: one benchmark by its name, figures as a list, as JSON lines, or
// as the tables of docs/performance.md.

import { parseArgs } from "node:util";

import { markdownOf } from "./figure-table.ts";
import { printFigures, type Figure } from "./figure.ts";

const benches: Record<string, () => Promise<(options: BenchOptions) => Promise<Figure[]>>> = {
  abi: async () => (await import("./abi.ts")).benchAbi,
  mirror: async () => (await import("./mirror.ts")).benchMirror,
  filters: async () => (await import("./filters.ts")).benchFilters,
  "trap-storm": async () => (await import("./trap-storm.ts")).benchTrapStorm,
  proxy: async () => (await import("./proxy.ts")).benchProxy,
};

/** `rounds` interleaved rounds of `seconds` each per contender. */
export interface BenchOptions {
  readonly rounds: number;
  readonly seconds: number;
  /** The only part of the benchmark that is wanted; null: all. Benchmarks of one part pay it no attention. */
  readonly scenario: string | null;
  readonly progress: (line: string) => void;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    markdown: { type: "boolean", default: false },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "4" },
    scenario: { type: "string" },
  },
});

const load = benches[positionals[0] ?? ""];
if (load === undefined) {
  console.error(
    `usage: npm run bench -- ${Object.keys(benches).join("|")} [--json|--markdown] [--rounds 5] [--seconds 4] [--scenario NAME]`,
  );
  process.exit(2);
}
const bench = await load();
const figures = await bench({
  rounds: Number(values.rounds),
  seconds: Number(values.seconds),
  scenario: values.scenario ?? null,
  progress: (line) => console.error(line),
});
if (values.markdown) console.log(markdownOf(figures));
else printFigures(figures, values.json);
process.exitCode = figures.some((figure) => figure.ok === false) ? 1 : 0;
