import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { call, OUT, run } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";

const define = (type: number, name: string) => call("proxy_define_metric", type, name, OUT);

describe("proxy_define_metric", () => {
  itRefusesMisuse("proxy_define_metric", [0, "requests", OUT]);

  it("gives ids whose two low bits are the kind", () => {
    const outcome = run([define(0, "c"), define(1, "g"), define(2, "h"), define(0, "d")]);
    expect([0, 1, 2, 3].map((out) => outcome.u32(out))).toEqual([4, 9, 14, 16]);
  });

  it("gives the same id for the same kind and name, another for another kind", () => {
    const outcome = run([define(0, "c"), define(0, "c"), define(1, "c")]);
    expect([outcome.u32(0) === outcome.u32(1), outcome.u32(1) === outcome.u32(2)]).toEqual([true, false]);
  });

  it.each([
    { type: 3, name: "x" },
    { type: -1, name: "x" },
    { type: 0, name: "" },
    { type: 0, name: "x".repeat(5000) },
  ])("answers BadArgument to kind $type and a name of this length", ({ type, name }) => {
    expect(run([define(type, name)]).status).toBe(Status.BadArgument);
  });

  it("answers Ok beyond 64 metrics with an id that counts nothing", () => {
    const calls = Array.from({ length: 65 }, (_, i) => define(0, `m${i}`));
    const outcome = run(calls);
    const overflow = outcome.u32(64)!;
    expect([outcome.statuses[64], overflow & 3, outcome.guest.metric("m64")]).toEqual([Status.Ok, 0, null]);
    const used = run([
      ...calls,
      call("proxy_increment_metric", overflow | 0, 1n),
      call("proxy_get_metric", overflow | 0, OUT),
    ]);
    expect([used.statuses.slice(65), used.u64(65)]).toEqual([[Status.Ok, Status.Ok], 0n]);
  });
});
