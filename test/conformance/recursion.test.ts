// Deep recursion before every hostcall. The depth that is counted ends a guest the same on every run; a host that is given
// a bound beyond its stack meets the stack's end instead, in the guest or in the middle of the hostcall.
import { describe, expect, it } from "vitest";
import { hostUnderTest } from "./kit/host-under-test.ts";
import { DeepCalls } from "./kit/recursion-problems.ts";
import { ALL_HOSTCALLS } from "./kit/rows.ts";

const DEPTH = 1024;
/** No stack has room for as many. */
const BEYOND_THE_STACK = 200_000;

describe("at the bound of depth", () => {
  it.each(ALL_HOSTCALLS)("$name happens wholly or not at all", (row) => {
    expect(new DeepCalls(hostUnderTest, row, DEPTH).problems(DEPTH - 5, 3, 10)).toEqual([]);
  });
});

describe("at the end of the stack", () => {
  // The end is not always at the same depth: code that runs often is compiled anew and needs less. A hostcall needs some
  // twenty calls' worth of stack.
  const LEEWAY = 18;

  it.each(ALL_HOSTCALLS)("$name happens wholly or not at all", (row) => {
    const deep = new DeepCalls(hostUnderTest, row, BEYOND_THE_STACK);
    const end = deep.deepest(BEYOND_THE_STACK);
    expect(end).toBeGreaterThan(DEPTH);
    expect(deep.problems(end - 2, LEEWAY, 2 * LEEWAY)).toEqual([]);
  });
});
