import { describe, expect, it } from "vitest";
import { matchesTail, tailFilterOf, tailNeedles, tailQuery } from "./tail-filter.ts";
import type { TailFilter, TailedRecord } from "./tail-filter.ts";

const denied: TailedRecord = {
  status: 403,
  method: "GET",
  path: "/internal/x",
  route: "api",
  slots: [
    { slot: "authn", verdict: "allow", dryRun: false },
    { slot: "shadow", verdict: "deny", dryRun: true },
    { slot: "rbac", verdict: "deny", dryRun: false },
  ],
};

describe("matchesTail", () => {
  it.each<[string, TailFilter, boolean]>([
    ["nothing said", {}, true],
    ["denied", { denied: true }, true],
    ["denied by that slot", { denied: true, slot: "rbac" }, true],
    ["denied by another slot", { denied: true, slot: "authn" }, false],
    ["denied in dry run only", { denied: true, slot: "shadow" }, false],
    ["a slot that was asked", { slot: "shadow" }, true],
    ["a slot that was not asked", { slot: "limit" }, false],
    ["the route", { route: "api" }, true],
    ["another route", { route: "web" }, false],
    ["the status", { statuses: ["403"] }, true],
    ["the status's class among others", { statuses: ["500", "4xx"] }, true],
    ["another class", { statuses: ["5xx"] }, false],
    ["the method", { method: "GET" }, true],
    ["another method", { method: "PUT" }, false],
    ["the beginning of the path", { path: "/internal/" }, true],
    ["its middle", { path: "x" }, false],
    ["one of two that does not hold", { denied: true, route: "web" }, false],
  ])("judges by %s", (_name, filter, expected) => {
    expect(matchesTail(filter, denied)).toBe(expected);
    // What a line is looked through for before it is parsed must never hide a match.
    const line = JSON.stringify(denied);
    if (expected) expect(tailNeedles(filter).filter((needle) => !line.includes(needle))).toEqual([]);
  });
});

describe("tailFilterOf", () => {
  it("reads what tailQuery writes", () => {
    const filter: TailFilter = {
      denied: true,
      slot: "rbac",
      route: "api",
      statuses: ["403", "5xx"],
      method: "GET",
      path: "/a b?c",
    };
    expect(tailFilterOf(new URLSearchParams(tailQuery(filter).toString()))).toEqual(filter);
    expect(tailFilterOf(new URLSearchParams(""))).toEqual({});
  });

  it.each([
    ["denied=yes", "denied"],
    ["slot=A!", "slot"],
    ["status=40", "status"],
    ["status=", "status"],
    ["status=9xx", "status"],
    ["method=get", "method"],
    ["path=", "path"],
  ])("says in a sentence what is wrong with %s", (query, word) => {
    expect(tailFilterOf(new URLSearchParams(query))).toEqual(expect.stringContaining(word));
  });
});
