import type { Deployment } from "@sluice/proxy/contract";
import { describe, expect, it } from "vitest";
import { differencesOf } from "./difference.ts";
import type { Difference } from "./difference.ts";

const DIGEST = `sha256:${"a".repeat(64)}` as const;

function deployment(slots: Deployment["slots"], rest: Partial<Deployment> = {}): Deployment {
  return { apiVersion: "sluice/v1", kind: "Deployment", name: "default", slots, ...rest };
}

function slot(name: string, pluginConfig: unknown = {}): Deployment["slots"][number] {
  return { name, phase: "AUTHZ", revisions: [{ filter: name, version: DIGEST, pluginConfig }] };
}

const ROWS: readonly { name: string; before: Deployment | null; after: Deployment; expected: readonly Difference[] }[] =
  [
    { name: "nothing", before: deployment([slot("a")]), after: deployment([slot("a")]), expected: [] },
    {
      name: "who, when, why and the number",
      before: deployment([], { number: 1, who: "a", why: "x" }),
      after: deployment([], { number: 2, who: "b", why: "y" }),
      expected: [],
    },
    {
      name: "a first deployment",
      before: null,
      after: deployment([slot("a")]),
      expected: [{ path: "slots.a", kind: "added", to: { phase: "AUTHZ", revisions: slot("a").revisions } }],
    },
    {
      name: "a value deep in a configuration",
      before: deployment([slot("a", { areas: [{ open: true }] })]),
      after: deployment([slot("a", { areas: [{ open: false }] })]),
      expected: [{ path: "slots.a.revisions[0].pluginConfig.areas[0].open", kind: "changed", from: true, to: false }],
    },
    {
      name: "a slot put before others, which stay as they are",
      before: deployment([slot("a"), slot("b")]),
      after: deployment([slot("c"), slot("a"), slot("b")]),
      expected: [{ path: "slots.c", kind: "added", to: { phase: "AUTHZ", revisions: slot("c").revisions } }],
    },
    {
      name: "a removed slot",
      before: deployment([slot("a"), slot("b")]),
      after: deployment([slot("b")]),
      expected: [{ path: "slots.a", kind: "removed", from: { phase: "AUTHZ", revisions: slot("a").revisions } }],
    },
    {
      name: "slots in another order",
      before: deployment([slot("a"), slot("b")]),
      after: deployment([slot("b"), slot("a")]),
      expected: [{ path: "slots", kind: "moved", from: ["a", "b"], to: ["b", "a"] }],
    },
    {
      name: "null against an absent value",
      before: deployment([slot("a", { x: null })]),
      after: deployment([slot("a", {})]),
      expected: [{ path: "slots.a.revisions[0].pluginConfig.x", kind: "removed", from: null }],
    },
    {
      name: "a map in the place of a list",
      before: deployment([slot("a", { x: [] })]),
      after: deployment([slot("a", { x: {} })]),
      expected: [{ path: "slots.a.revisions[0].pluginConfig.x", kind: "changed", from: [], to: {} }],
    },
  ];

describe("differencesOf", () => {
  it.each(ROWS)("lists $name", ({ before, after, expected }) => {
    expect(differencesOf(before, after)).toEqual(expected);
  });
});
