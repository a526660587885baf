import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { call, OUT, run } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";

const define = (kind: number) => call("proxy_define_metric", kind, "m", OUT);

describe("proxy_get_metric", () => {
  itRefusesMisuse("proxy_get_metric", [4, OUT], { before: [define(0)] });

  it.each([
    { kind: 0, offset: 7n, value: 7n, remark: "a counter" },
    { kind: 1, offset: -7n, value: 2n ** 64n - 7n, remark: "a gauge below zero, as 64 bits" },
  ])("reads $remark", ({ kind, offset, value }) => {
    const id = 4 | kind;
    const outcome = run([define(kind), call("proxy_increment_metric", id, offset), call("proxy_get_metric", id, OUT)]);
    expect([outcome.statuses[2], outcome.u64(1)]).toEqual([Status.Ok, value]);
  });

  it("answers BadArgument to a histogram", () => {
    expect(run([define(2), call("proxy_get_metric", 6, OUT)]).statuses[1]).toBe(Status.BadArgument);
  });

  it.each([0, 5, 8, -1])("answers NotFound to the id %i and writes nothing", (id) => {
    const outcome = run([define(0), call("proxy_get_metric", id, OUT)]);
    expect([outcome.statuses[1], outcome.u32(1)]).toEqual([Status.NotFound, null]);
  });
});
