// Every hostcall and every callback has a test file of its own, and no file is left of one that is gone.
import { readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { MATRIX } from "./generated/matrix.ts";
import { ALL_CALLBACKS, ALL_HOSTCALLS } from "./kit/rows.ts";

const named = readdirSync(import.meta.dirname)
  .filter((file) => /^(proxy|policy)-.*\.test\.ts$/.test(file))
  .map((file) => file.slice(0, -".test.ts".length).replaceAll("-", "_"));

it("the test files that are named after a hostcall or a callback are those of the specification", () => {
  expect(named.toSorted()).toEqual([...ALL_HOSTCALLS, ...ALL_CALLBACKS].map(({ name }) => name).toSorted());
});

it("the conformance table asks for every hostcall", () => {
  const asked = MATRIX.map(({ hostcall }) => hostcall);
  expect(asked.toSorted()).toEqual(ALL_HOSTCALLS.map(({ name }) => name).toSorted());
});
