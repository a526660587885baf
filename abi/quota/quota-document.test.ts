import { describe, expect, it } from "vitest";
import { checkQuotas, quotaDefinitions, rateOf, unservedQuota } from "./quota-document.ts";

describe("quotaDefinitions", () => {
  it("gives every window its burst, the rate's count without a word", () => {
    const windows = [{ rate: "5/m" }, { rate: "100/d", burst: 7 }];
    expect(
      quotaDefinitions([
        { name: "a", rate: "100/s", burst: 200 },
        { name: "b", rate: "3/h" },
        { name: "c", windows },
      ]),
    ).toEqual([
      { name: "a", windows: [{ count: 100, perMs: 1000, burst: 200 }] },
      { name: "b", windows: [{ count: 3, perMs: 3_600_000, burst: 3 }] },
      {
        name: "c",
        windows: [
          { count: 5, perMs: 60_000, burst: 5 },
          { count: 100, perMs: 86_400_000, burst: 7 },
        ],
      },
    ]);
  });
});

describe("rateOf", () => {
  it.each([
    ["100/s", 100, 1000],
    ["999999999/d", 999_999_999, 86_400_000],
  ])("reads %s", (text, count, perMs) => {
    expect(rateOf(text)).toEqual({ count, perMs });
  });
});

describe("checkQuotas", () => {
  const problems = (quota: object): string[] => {
    const said: string[] = [];
    checkQuotas([{ name: "q", ...quota }], [], (_at, problem) => void said.push(problem));
    return said;
  };

  it.each([
    [{ rate: "1/s", burst: 3 }, []],
    [{ windows: [{ rate: "1/s" }] }, []],
    [{}, ["quota q has 0 bounds"]],
    [{ rate: "1/s", concurrency: 2 }, ["quota q has 2 bounds"]],
    [{ windows: [{ rate: "1/s" }], burst: 3 }, ["burst has no meaning without a rate beside it"]],
  ])("says of %j: %j", (quota, expected) => {
    expect(problems(quota)).toEqual(expected);
  });
});

describe("unservedQuota", () => {
  it.each([
    [{ rate: "1/s" }, null],
    [{ rate: "1/s", store: "memory" }, null],
    [{ rate: "1/s", store: "redis-1" }, "quota q is in store redis-1"],
    [{ concurrency: 5 }, "quota q bounds concurrency"],
  ])("says of %j: %j", (quota, expected) => {
    expect(unservedQuota({ name: "q", ...quota })).toBe(expected);
  });
});
