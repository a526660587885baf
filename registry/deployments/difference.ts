// What changes between two deployments, as a list of places: for the dry run, the history and whoever has to approve.
// Slots and quotas are matched by name, so that a slot moved or added does not look like a change of all that follow it.

import type { Deployment } from "@sluice/proxy/contract";
import { DIFFERENCES_MAX } from "../limits.ts";

export interface Difference {
  /** As `slots.rbac.revisions[0].pluginConfig.areas[1].open`. */
  readonly path: string;
  readonly kind: "added" | "removed" | "changed" | "moved";
  /** Absent when added. */
  readonly from?: unknown;
  /** Absent when removed. */
  readonly to?: unknown;
}

/** Targets, slots and quotas: the rest differs by nature (number, who) or never (name). At most DIFFERENCES_MAX entries. */
export function differencesOf(before: Deployment | null, after: Deployment): Difference[] {
  return valueDifferences(comparable(before), comparable(after));
}

/** What changes between two plain values, such as what is known of two versions. At most DIFFERENCES_MAX entries. */
export function valueDifferences(before: unknown, after: unknown): Difference[] {
  const found: Difference[] = [];
  compare("", before, after, found);
  return found.slice(0, DIFFERENCES_MAX);
}

type Named = readonly { readonly name: string }[];

function comparable(deployment: Deployment | null): unknown {
  if (deployment === null) return { slots: new Map(), quotas: new Map() };
  const { targets, slots, quotas = [] } = deployment;
  return { targets, slots: byName(slots), quotas: byName(quotas) };
}

function byName(list: Named): ReadonlyMap<string, unknown> {
  return new Map(list.map(({ name, ...rest }) => [name, rest]));
}

function compare(path: string, before: unknown, after: unknown, found: Difference[]): void {
  if (before === after) return;
  if (before === undefined) found.push({ path, kind: "added", to: plain(after) });
  else if (after === undefined) found.push({ path, kind: "removed", from: plain(before) });
  else if (before instanceof Map && after instanceof Map) compareNamed(path, before, after, found);
  else if (Array.isArray(before) && Array.isArray(after)) compareLists(path, before, after, found);
  else if (isObject(before) && isObject(after)) compareObjects(path, before, after, found);
  else found.push({ path, kind: "changed", from: plain(before), to: plain(after) });
}

function compareNamed(
  path: string,
  before: ReadonlyMap<string, unknown>,
  after: ReadonlyMap<string, unknown>,
  found: Difference[],
): void {
  for (const name of union(before.keys(), after.keys())) {
    compare(join(path, name), before.get(name), after.get(name), found);
  }
  const stayedBefore = [...before.keys()].filter((name) => after.has(name));
  const stayedAfter = [...after.keys()].filter((name) => before.has(name));
  if (stayedBefore.join() !== stayedAfter.join())
    found.push({ path, kind: "moved", from: stayedBefore, to: stayedAfter });
}

function compareLists(path: string, before: readonly unknown[], after: readonly unknown[], found: Difference[]): void {
  for (let index = 0; index < Math.max(before.length, after.length); index += 1) {
    compare(`${path}[${index}]`, before[index], after[index], found);
  }
}

function compareObjects(
  path: string,
  before: Record<string, unknown>,
  after: Record<string, unknown>,
  found: Difference[],
): void {
  for (const key of union(Object.keys(before), Object.keys(after))) {
    compare(join(path, key), before[key], after[key], found);
  }
}

function union(one: Iterable<string>, other: Iterable<string>): Set<string> {
  return new Set([...one, ...other]);
}

function join(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Map);
}

/** A map of named things as JSON can carry it. */
function plain(value: unknown): unknown {
  return value instanceof Map ? Object.fromEntries(value) : value;
}
