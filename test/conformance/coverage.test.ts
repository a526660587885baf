// Every hostcall and every callback that is served has a test file of its own, and no file is left of one that is gone.
import { readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { CALLBACKS, POLICY_CALLBACKS } from "@sluice/abi/spec";
import { MATRIX } from "./generated/matrix.ts";
import { ALL_HOSTCALLS, SERVED_CALLBACKS, SERVED_HOSTCALLS } from "./kit/rows.ts";

const named = readdirSync(import.meta.dirname)
  .filter((file) => /^(proxy|policy)-.*\.test\.ts$/.test(file))
  .map((file) => file.slice(0, -".test.ts".length).replaceAll("-", "_"));
const served = [...SERVED_HOSTCALLS, ...SERVED_CALLBACKS].map(({ name }) => name);

it("every served hostcall and callback has a test file", () => {
  expect(served.filter((name) => !named.includes(name))).toEqual([]);
});

it("every test file is about a row of the specification", () => {
  const rows = [...ALL_HOSTCALLS, ...CALLBACKS, ...POLICY_CALLBACKS].map(({ name }) => name);
  expect(named.filter((name) => !rows.includes(name))).toEqual([]);
});

it("the conformance table asks for every served hostcall", () => {
  const asked = MATRIX.filter((row) => row.served).map(({ hostcall }) => hostcall);
  expect(asked.toSorted()).toEqual(SERVED_HOSTCALLS.map(({ name }) => name).toSorted());
});
