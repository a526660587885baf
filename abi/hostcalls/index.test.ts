import { describe, expect, it } from "vitest";
import { HOSTCALLS } from "../spec/hostcalls.ts";
import { POLICY_HOSTCALLS } from "../spec/policy.ts";
import { wireParams } from "../spec/row.ts";
import { ENV_FUNCTIONS, WASI_FUNCTIONS } from "../spec/wasi.ts";
import { COMPILER_SUPPORT_TABLE, WASI_TABLE } from "../wasi/index.ts";
import { HOSTCALL_TABLE } from "./index.ts";

const rows = [...HOSTCALLS, ...POLICY_HOSTCALLS];

describe("HOSTCALL_TABLE", () => {
  it("has the hostcalls that the specification says are served, and no other", () => {
    const served = rows.map(({ name }) => name);
    expect(Object.keys(HOSTCALL_TABLE).sort()).toEqual(served.sort());
  });

  it.each(Object.entries(HOSTCALL_TABLE))("%s takes as many values as its row says", (name, hostcall) => {
    expect(hostcall.length).toBe(wireParams(rows.find((row) => row.name === name)!.params).length);
  });
});

describe("WASI_TABLE", () => {
  it("has the functions without a fixed answer, and no other", () => {
    const behaving = WASI_FUNCTIONS.filter(({ fixed }) => fixed === null).map(({ name }) => name);
    expect(Object.keys(WASI_TABLE).sort()).toEqual(behaving.sort());
    expect(Object.keys(COMPILER_SUPPORT_TABLE).sort()).toEqual(ENV_FUNCTIONS.map(({ name }) => name).sort());
  });
});
