import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { call, OUT, run, type Argument } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";

const BEST_EFFORT = 1;
const PEEK = 2;
const KEY_BYTES_MAX = 1024;

const IN_CHECK = {
  in: "policy_on_check",
  settings: { quotas: [{ name: "per-user", windows: [{ count: 10, perMs: 1000, burst: 5 }] }] },
};

const ask = (name: Argument, key: Argument, amount: number, flags = 0) =>
  call("policy_quota", name, key, amount, flags, OUT, OUT);

describe("policy_quota", () => {
  itRefusesMisuse("policy_quota", ["per-user", "anna", 1, 0, OUT, OUT], IN_CHECK);

  it("takes the amount out of the key's bucket and says when there is more", () => {
    const outcome = run([ask("per-user", "anna", 4), ask("per-user", "anna", 4), ask("per-user", "ben", 4)], IN_CHECK);
    expect(outcome.statuses).toEqual([Status.Ok, Status.Ok, Status.Ok]);
    expect([0, 2, 4].map((out) => [outcome.u32(out), outcome.u32(out + 1)])).toEqual([
      [4, 0],
      [0, 300],
      [4, 0],
    ]);
  });

  it("gives a part where a part is acceptable, and when the rest can be had", () => {
    const outcome = run([ask("per-user", "anna", 3), ask("per-user", "anna", 5, BEST_EFFORT)], IN_CHECK);
    expect([outcome.u32(2), outcome.u32(3)]).toEqual([2, 300]);
    expect(outcome.stream.reservations).toEqual(["per-user anna 3", "per-user anna 5 partly"]);
  });

  it("takes nothing at a peek; best effort it tells what is left and when all of it is back", () => {
    const peek = ask("per-user", "anna", 5, PEEK | BEST_EFFORT);
    const outcome = run([ask("per-user", "anna", 2), peek, peek, ask("per-user", "anna", 4, PEEK)], IN_CHECK);
    expect([2, 3, 4, 5, 6, 7].map((out) => outcome.u32(out))).toEqual([3, 200, 3, 200, 0, 100]);
    expect(outcome.stream.reservations).toEqual(["per-user anna 2"]);
  });

  it("takes an empty key and a key with any bytes", () => {
    const outcome = run([ask("per-user", "", 1), ask("per-user", Uint8Array.from([0, 255, 10]), 1)], IN_CHECK);
    expect(outcome.statuses).toEqual([Status.Ok, Status.Ok]);
  });

  it.each([
    { amount: 0, flags: 0, remark: "an amount of 0" },
    { amount: 6, flags: 0, remark: "more than the burst, which could never be granted" },
    { amount: 6, flags: BEST_EFFORT, remark: "more than the burst with best effort" },
    { amount: -1, flags: 0, remark: "2^32 - 1 units" },
    { amount: 1, flags: 4, remark: "an unknown flag" },
  ])("answers BadArgument to $remark", ({ amount, flags }) => {
    const outcome = run([ask("per-user", "anna", amount, flags)], IN_CHECK);
    expect([outcome.status, outcome.u32(0), outcome.stream.reservations]).toEqual([Status.BadArgument, null, []]);
  });

  it("answers BadArgument to a key that is too long", () => {
    const longest = new Uint8Array(KEY_BYTES_MAX).fill(97);
    const longer = new Uint8Array(KEY_BYTES_MAX + 1).fill(97);
    const outcome = run([ask("per-user", longest, 1), ask("per-user", longer, 1)], IN_CHECK);
    expect(outcome.statuses).toEqual([Status.Ok, Status.BadArgument]);
  });

  it("answers NotFound to a name that the deployment does not have, and says so once", () => {
    const outcome = run([ask("per-usr", "anna", 1), ask("per-usr", "anna", 1)], IN_CHECK);
    expect(outcome.statuses).toEqual([Status.NotFound, Status.NotFound]);
    expect(outcome.logs.map(({ message }) => message)).toEqual([
      'policy_quota names a quota that the deployment does not have: "per-usr"',
    ]);
  });

  it("answers BadArgument where there is no stream", () => {
    expect(run([ask("per-user", "anna", 1)], { ...IN_CHECK, in: "proxy_on_tick" }).status).toBe(Status.BadArgument);
  });
});

describe("the properties of a quota", () => {
  const int = (path: string, where: string): bigint | null => {
    const outcome = run([call("proxy_get_property", path, OUT, OUT)], { ...IN_CHECK, in: where });
    return outcome.status === Status.NotFound ? null : Buffer.from(outcome.bytes(0)).readBigInt64LE();
  };

  it.each([
    { path: "quota\0per-user\0burst", value: 5n },
    { path: "quota\0per-user\0window_ms", value: 500n },
    { path: "quota\0per-user\0rate", value: null },
    { path: "quota\0nobody\0burst", value: null },
    { path: "quota\0burst", value: null },
  ])("say $value for $path, to a stream and to the root", ({ path, value }) => {
    expect(int(path, "policy_on_check")).toBe(value);
    expect(int(path, "proxy_on_configure")).toBe(value);
  });

  it("cannot be set by a filter", () => {
    const set = call("proxy_set_property", "quota\0per-user\0burst", "12345678");
    expect(run([set], IN_CHECK).status).not.toBe(Status.Ok);
  });
});
