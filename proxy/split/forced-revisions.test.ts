import { headOf } from "@sluice/abi";
import type { Stream } from "@sluice/abi";
import { describe, expect, it } from "vitest";
import { FORCED_REVISION_HEADER, readForcedRevision, signForcedRevision } from "../contract/forced-revision.ts";
import { ForcedRevisions, takeForced } from "./forced-revisions.ts";
import { FORCED_FIELDS_MAX } from "./limits.ts";

const SECRET = Buffer.alloc(32, 1);
const NOW_MS = 1_000_000;
const stable = `sha256:${"a".repeat(64)}`;
const candidate = `sha256:${"b".repeat(64)}`;

const sign = (slot: string, digits: string, expires = 2_000, secret: Uint8Array = SECRET): string =>
  signForcedRevision({ slot, digits, expires }, secret);

function forcedBy(values: readonly string[]): {
  arms: [number, number][];
  counted: boolean[];
  left: [string, string][];
} {
  const arms: [number, number][] = [];
  const counted: boolean[] = [];
  const forced = new ForcedRevisions({
    slots: [
      { name: "rbac", index: 0, revisions: [stable, candidate] },
      { name: "rbac", index: 2, revisions: [stable, candidate] },
    ],
    secret: SECRET,
    counted: (isValid) => counted.push(isValid),
    nowMs: () => NOW_MS,
  });
  const head = headOf([["x-user", "a"], ...values.map((value): [string, string] => [FORCED_REVISION_HEADER, value])]);
  takeForced(head, forced);
  forced.apply({ forceArm: (slot: number, arm: number) => arms.push([slot, arm]) } as unknown as Stream);
  return { arms, counted, left: head.toPairs() };
}

describe("ForcedRevisions", () => {
  it("gives a signed request its revision in every place of the slot, and takes the header out", () => {
    const { arms, counted, left } = forcedBy([sign("rbac", "b".repeat(16))]);
    expect(arms).toEqual([
      [0, 1],
      [2, 1],
    ]);
    expect(counted).toEqual([true]);
    expect(left).toEqual([["x-user", "a"]]);
  });

  it("looks at requests without the header no further", () => {
    expect(forcedBy([])).toEqual({ arms: [], counted: [], left: [["x-user", "a"]] });
  });

  const good = sign("rbac", "b".repeat(16));
  it.each([
    ["signed with another secret", sign("rbac", "b".repeat(16), 2_000, Buffer.alloc(32, 2))],
    ["whose time is over", sign("rbac", "b".repeat(16), 1_000)],
    ["for another slot", sign("authn", "b".repeat(16))],
    ["for a revision that is not there", sign("rbac", "c".repeat(16))],
    ["with another slot than was signed", good.replace("rbac", "rbad")],
    ["with another time than was signed", good.replace("exp=2000", "exp=9000")],
    ["with other digits than were signed", good.replace("bbbb;", "aaaa;")],
    ["that names a revision too shortly", sign("rbac", "bbb")],
    ["without a signature", "rbac=bbbbbbbb;exp=2000"],
    ["that is empty", ""],
    ["that is too long", `${good}${" ".repeat(300)}`],
  ])("leaves a header %s without effect, takes it out and counts it", (_name, value) => {
    expect(forcedBy([value])).toEqual({ arms: [], counted: [false], left: [["x-user", "a"]] });
  });

  it("is taken out where no slot heeds it, too", () => {
    const head = headOf([[FORCED_REVISION_HEADER, good]]);
    takeForced(head, null);
    expect(head.toPairs()).toEqual([]);
    expect(head.routingEdited).toBe(false);
  });

  it("looks at a bounded number of them, and takes all out", () => {
    const { counted, left } = forcedBy(Array.from({ length: FORCED_FIELDS_MAX + 5 }, () => "x"));
    expect(counted).toHaveLength(FORCED_FIELDS_MAX);
    expect(left).toEqual([["x-user", "a"]]);
  });
});

describe("readForcedRevision", () => {
  it("reads what was signed, until its time is over", () => {
    const value = sign("rbac", "b".repeat(16));
    expect(readForcedRevision(value, SECRET, 1_999_999)).toEqual({
      slot: "rbac",
      digits: "b".repeat(16),
      expires: 2_000,
    });
    expect(readForcedRevision(value, SECRET, 2_000_000)).toBeNull();
  });
});
