// Differences as the registry tells them, one line each.

import type { Difference } from "@sluice/registry";
import { printable } from "./terminal.ts";

/** Indented by two; control characters shown. */
export function differenceLines(diff: readonly Difference[]): string {
  return printable(diff.map(differenceLine).join("\n"));
}

function differenceLine({ path, kind, from, to }: Difference): string {
  const before = from === undefined ? "" : ` ${JSON.stringify(from)}`;
  const after = to === undefined ? "" : ` ${JSON.stringify(to)}`;
  const arrow = from !== undefined && to !== undefined ? " →" : "";
  return `  ${kind} ${path}:${before}${arrow}${after}`;
}
