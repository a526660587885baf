import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { call, OUT, run } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";

const define = (kind: number) => call("proxy_define_metric", kind, "m", OUT);
const record = (kind: number, value: bigint) => call("proxy_record_metric", 4 | kind, value);

describe("proxy_record_metric", () => {
  itRefusesMisuse("proxy_record_metric", [5, 1n], { before: [define(1)] });

  it.each([
    { kind: 0, value: 12, remark: "adds to a counter" },
    { kind: 1, value: 5, remark: "sets a gauge" },
  ])("$remark", ({ kind, value }) => {
    expect(run([define(kind), record(kind, 7n), record(kind, 5n)]).guest.metric("m")).toBe(value);
  });

  it("observes a histogram", () => {
    expect(run([define(2), record(2, 7n), record(2, 5n)]).guest.observed("m")).toEqual([7, 5]);
  });

  it("takes the value as unsigned", () => {
    expect(run([define(1), record(1, -1n)]).guest.metric("m")).toBe(2 ** 64);
  });

  it.each([0, 4, 9, -1])("answers NotFound to the id %i", (id) => {
    expect(run([define(1), call("proxy_record_metric", id, 1n)]).statuses[1]).toBe(Status.NotFound);
  });
});
