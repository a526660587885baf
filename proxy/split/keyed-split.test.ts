import { createHmac } from "node:crypto";
import { headOf } from "@sluice/abi";
import type { Head, StreamContext } from "@sluice/abi";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SplitKey } from "../snapshot/plan.ts";
import { KeyFractions } from "./key-fractions.ts";
import { KeyedSplit } from "./keyed-split.ts";
import { CACHED_KEYS, CACHED_KEY_BYTES_MAX } from "./limits.ts";
import { SplitLine } from "./split-line.ts";
import { streamKey } from "./stream-key.ts";

const SECRET = Buffer.alloc(32, 7);
const HEADER: SplitKey = { kind: "header", name: "X-User" };
const NO_CONTEXT = { property: () => null } as unknown as StreamContext;

interface Drawn {
  arm(head: Head, context?: StreamContext): number;
  ofKey(key: string): number;
  keyless: number;
}

function splitOf(weights: readonly number[], by = HEADER, secret: Uint8Array = SECRET, salt = ""): Drawn {
  const drawn: Drawn = {
    keyless: 0,
    arm: (head, context = NO_CONTEXT) => split.choose(head, context),
    ofKey: (key) => drawn.arm(headOf([["x-user", key]])),
  };
  const split = new KeyedSplit({
    key: streamKey(by, 0),
    fractions: new KeyFractions(secret, "rbac", salt),
    weights,
    keyless: () => drawn.keyless++,
  });
  return drawn;
}

/** Percents of 2 … 6 revisions. */
const weightsOf = fc.array(fc.nat(100), { minLength: 1, maxLength: 5 }).map((cuts) => {
  const ends = [0, ...cuts.toSorted((a, b) => a - b), 100];
  return ends.slice(1).map((end, at) => end - ends[at]!);
});
/** As a header carries it: visible latin1. */
const keyOf = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
});

/** How far a share may lie from its weight when keys are drawn by chance: a miss is one in 10^9. */
const boundOf = (p: number, keys: number): number => 6.2 * Math.sqrt((p * (1 - p)) / keys);

const splitFraction = (secret: Uint8Array, slot: string, salt: string, key: Uint8Array): number =>
  new SplitLine(secret, slot, salt).fractionOf(key);

describe("SplitLine", () => {
  it("is the first 52 bits of HMAC-SHA-256 over slot NUL salt NUL key", () => {
    const hex = createHmac("sha256", SECRET).update("rbac\0s1\0alice").digest("hex");
    expect(splitFraction(SECRET, "rbac", "s1", Buffer.from("alice"))).toBe(Number(`0x${hex.slice(0, 13)}`) / 2 ** 52);
  });

  it("tells slot, salt and key apart where they meet", () => {
    const fractions = [
      splitFraction(SECRET, "ab", "c", Buffer.from("d")),
      splitFraction(SECRET, "a", "bc", Buffer.from("d")),
      splitFraction(SECRET, "a", "b", Buffer.from("cd")),
    ];
    expect(new Set(fractions).size).toBe(3);
  });
});

describe("KeyedSplit", () => {
  it("gives the revisions after the first bands from 0 upwards, and the first the rest", () => {
    fc.assert(
      fc.property(weightsOf, keyOf, (weights, key) => {
        const u = splitFraction(SECRET, "rbac", "", Buffer.from(key, "latin1"));
        const ends = weights.slice(1).map((_, at) => weights.slice(1, at + 2).reduce((sum, w) => sum + w, 0) / 100);
        const arm = ends.findIndex((end) => u < end) + 1;
        expect(splitOf(weights).ofKey(key)).toBe(arm);
      }),
    );
  });

  it("never takes a key back from a candidate whose share grows", () => {
    fc.assert(
      fc.property(fc.nat(100), fc.nat(100), keyOf, (one, other, key) => {
        const [less, more] = [Math.min(one, other), Math.max(one, other)];
        if (splitOf([100 - less, less]).ofKey(key) === 1) expect(splitOf([100 - more, more]).ofKey(key)).toBe(1);
      }),
    );
  });

  it.each([[[90, 10]], [[50, 50]], [[70, 20, 10]], [[99, 1]]])(
    "divides keys as %j says, within the bounds of chance",
    (weights) => {
      const split = splitOf(weights);
      const counts = weights.map(() => 0);
      for (let key = 0; key < 20_000; key++) counts[split.ofKey(`user-${key}`)]!++;
      counts.forEach((count, arm) => {
        const p = weights[arm]! / 100;
        expect(Math.abs(count / 20_000 - p)).toBeLessThan(boundOf(p, 20_000));
      });
    },
  );

  it("leaves keys that were chosen with another secret divided as chance says", () => {
    const adversary = Buffer.alloc(32, 8);
    const chosen: string[] = [];
    for (let key = 0; chosen.length < 5_000; key++)
      if (splitFraction(adversary, "rbac", "", Buffer.from(`user-${key}`)) < 0.1) chosen.push(`user-${key}`);
    const split = splitOf([90, 10]);
    const share = chosen.filter((key) => split.ofKey(key) === 1).length / chosen.length;
    expect(Math.abs(share - 0.1)).toBeLessThan(boundOf(0.1, chosen.length));
  });

  it("draws anew with another salt", () => {
    const [one, other] = [splitOf([50, 50]), splitOf([50, 50], HEADER, SECRET, "r2")];
    const keys = Array.from({ length: 2_000 }, (_, key) => `user-${key}`);
    const moved = keys.filter((key) => one.ofKey(key) !== other.ofKey(key)).length / keys.length;
    expect(Math.abs(moved - 0.5)).toBeLessThan(boundOf(0.5, keys.length));
  });

  it("gives streams without a key, or with an empty one, to the first, and counts them", () => {
    const split = splitOf([0, 100]);
    expect(split.arm(headOf([]))).toBe(0);
    expect(split.arm(headOf([["x-user", ""]]))).toBe(0);
    expect(split.keyless).toBe(2);
    expect(split.ofKey("a")).toBe(1);
    expect(split.keyless).toBe(2);
  });

  it("answers alike from its memory, for keys that push each other out and for keys too long for it", () => {
    const split = splitOf([60, 30, 10]);
    const long = "k".repeat(CACHED_KEY_BYTES_MAX);
    const keys = [long, `${long}a`, `${long}b`, ...Array.from({ length: 3 * CACHED_KEYS }, (_, key) => `user-${key}`)];
    const fresh = keys.map((key) => splitOf([60, 30, 10]).ofKey(key));
    for (let round = 0; round < 2; round++) expect(keys.map((key) => split.ofKey(key))).toEqual(fresh);
  });
});

describe("streamKey", () => {
  const properties = new Map([
    ["source\0address", "198.51.100.7:40000"],
    ["auth\0user", "alice"],
    ["flat.name", "bob"],
  ]);
  const context = {
    property: (slot: number, path: string) =>
      slot === 3 && properties.has(path) ? Buffer.from(properties.get(path)!) : null,
  } as unknown as StreamContext;

  function keyOfStream(by: SplitKey, headers: [string, string][]): string | null {
    const key = streamKey(by, 3);
    if (!key.find(headOf(headers), context)) return null;
    return Buffer.from(key.bytes.subarray(key.start, key.start + key.length)).toString("latin1");
  }

  it.each<[string, SplitKey, [string, string][], string | null]>([
    ["a header without regard to case", HEADER, [["x-user", "alice"]], "alice"],
    [
      "the first of several values",
      HEADER,
      [
        ["x-user", "alice"],
        ["x-user", "mallory"],
      ],
      "alice",
    ],
    ["no header", HEADER, [["x-users", "alice"]], null],
    ["a cookie among others", { kind: "cookie", name: "sid" }, [["cookie", "a=1; sid=7 ; b=2"]], "7"],
    [
      "a cookie in a second field",
      { kind: "cookie", name: "sid" },
      [
        ["cookie", "a=1"],
        ["cookie", "sid=8"],
      ],
      "8",
    ],
    ["the first cookie of that name", { kind: "cookie", name: "sid" }, [["cookie", "sid=1; sid=2"]], "1"],
    ["no cookie whose name only ends alike", { kind: "cookie", name: "id" }, [["cookie", "sid=1; Id=2; id"]], null],
    ["no empty cookie", { kind: "cookie", name: "sid" }, [["cookie", "sid="]], null],
    ["an attribute that a filter set", { kind: "attribute", name: "auth.user" }, [], "alice"],
    ["an attribute with dots in its name", { kind: "attribute", name: "flat.name" }, [], "bob"],
    ["no attribute", { kind: "attribute", name: "auth.role" }, [], null],
    ["the client's address without its port", { kind: "source", name: "" }, [], "198.51.100.7"],
  ])("finds %s", (_name, by, headers, key) => {
    expect(keyOfStream(by, headers)).toBe(key);
  });

  it("finds a header that a filter has edited", () => {
    const head = headOf([["x-user", "alice"]]);
    head.set("x-user", "carol");
    const key = streamKey(HEADER, 0);
    expect(key.find(head, NO_CONTEXT)).toBe(true);
    expect(Buffer.from(key.bytes.subarray(key.start, key.start + key.length)).toString()).toBe("carol");
  });
});
