// Figures as Markdown: a table for each scenario with a row for each who took part, and one table of all budgets.

import type { Figure } from "./figure.ts";

/** Names as `scenario, contender: measure` make the tables; others stand among the budgets when they have one. */
export function markdownOf(figures: readonly Figure[]): string {
  const scenarios = new Map<string, Map<string, Map<string, Figure>>>();
  for (const figure of figures) {
    const [, scenario, contender, measure] = /^(.+?), (.+): (.+)$/.exec(figure.name) ?? [];
    if (scenario === undefined || isVerdict(figure) || contender!.includes(" by ")) continue;
    const rows = getOrMake(scenarios, scenario, () => new Map<string, Map<string, Figure>>());
    getOrMake(rows, contender!, () => new Map<string, Figure>()).set(measure!, figure);
  }
  const tables = Array.from(scenarios, ([name, rows]) => `### ${name}\n\n${tableOf(rows)}`);
  return [...tables, budgetsOf(figures)].join("\n\n");
}

/** That nothing failed is worth a line only when something did. */
function isVerdict({ budget, value }: Figure): boolean {
  return budget === 0 && value === 0;
}

function tableOf(rows: ReadonlyMap<string, ReadonlyMap<string, Figure>>): string {
  const columns = new Map<string, string>();
  for (const row of rows.values())
    for (const [measure, { unit }] of row) columns.set(measure, unit === "" ? measure : `${measure}, ${unit}`);
  const head = line(["", ...columns.values()]);
  const body = Array.from(rows, ([name, row]) =>
    line([name, ...Array.from(columns.keys(), (measure) => valueOf(row.get(measure)))]),
  );
  return [head, line(["---", ...Array.from(columns, () => "---:")]), ...body].join("\n");
}

function budgetsOf(figures: readonly Figure[]): string {
  const bounded = figures.filter((figure) => figure.budget !== null && !isVerdict(figure));
  const rows = bounded.map((figure) =>
    line([figure.name, valueOf(figure), `${figure.budget} ${figure.unit}`, figure.ok === true ? "kept" : "missed"]),
  );
  return [
    "### Budgets\n",
    line(["figure", "measured", "budget", ""]),
    line(["---", "---:", "---:", "---"]),
    ...rows,
  ].join("\n");
}

function valueOf(figure: Figure | undefined): string {
  return figure === undefined ? "" : figure.value.toLocaleString("en-US", { maximumFractionDigits: 3 });
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key) ?? make();
  map.set(key, found);
  return found;
}
