// A record as one line for people. What clients and filters said is shown with control characters made visible.

import { printable } from "./terminal.ts";

/** The part of a record (formats: the record) that the line shows. */
interface ShownRecord {
  readonly time: string;
  readonly node: string;
  readonly route: string | null;
  readonly upstream: string | null;
  readonly source: string;
  readonly method: string;
  readonly authority: string;
  readonly path: string;
  readonly status: number;
  readonly flags: readonly string[];
  readonly durationUs: number;
  readonly slots: readonly ShownSlot[];
}

interface ShownSlot {
  readonly slot: string;
  readonly verdict: string;
  readonly code: string | null;
  readonly reason: string | null;
  readonly dryRun: boolean;
  readonly error: { readonly cause: string; readonly message: string } | null;
}

/** `12:00:00.123 proxy-1 403 GET a.test/x from 198.51.100.7 0.2 ms  rbac ✕ PERMISSION_DENIED area-closed`. */
export function recordText(line: string): string {
  const record = JSON.parse(line) as Partial<ShownRecord>;
  // Records of other kinds (a mirror's) are shown as they are.
  return printable(isStream(record) ? streamText(record) : line).replaceAll("\n", "\\n");
}

function isStream(record: Partial<ShownRecord>): record is ShownRecord {
  return Array.isArray(record.slots) && typeof record.time === "string";
}

function streamText(record: ShownRecord): string {
  const { time, node, status, method, authority, path, source, durationUs, route, upstream } = record;
  const way = `${route ?? "no route"} → ${upstream ?? "–"}`;
  return [
    `${time.slice(11, 23)} ${node} ${status === 0 ? "–" : status} ${method} ${authority}${path}`,
    `from ${source}`,
    way,
    `${(durationUs / 1000).toFixed(1)} ms`,
    ...(record.flags.length === 0 ? [] : [record.flags.join(",")]),
    ...record.slots.map(slotText),
  ].join("  ");
}

const SIGNS: Readonly<Record<string, string>> = { allow: "✓", deny: "✕", error: "!", noOpinion: "–" };

function slotText({ slot, verdict, code, reason, dryRun, error }: ShownSlot): string {
  const why = error === null ? [code, reason] : [error.cause, error.message];
  const words = [
    slot,
    SIGNS[verdict] ?? verdict,
    ...why.filter((word) => word !== null),
    ...(dryRun ? ["(dry run)"] : []),
  ];
  return words.join(" ");
}
