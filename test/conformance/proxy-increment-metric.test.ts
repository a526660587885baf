import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { call, OUT, run } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";

const KINDS = { counter: 0, gauge: 1, histogram: 2 };
const define = (kind: number) => call("proxy_define_metric", kind, "m", OUT);
const idOf = (kind: number): number => 4 | kind;

describe("proxy_increment_metric", () => {
  itRefusesMisuse("proxy_increment_metric", [4, 1n], { before: [define(0)] });

  it.each([
    { kind: "counter", offset: 5n, status: Status.Ok, value: 5 },
    { kind: "counter", offset: 0n, status: Status.BadArgument, value: 0 },
    { kind: "counter", offset: -1n, status: Status.BadArgument, value: 0 },
    { kind: "gauge", offset: 5n, status: Status.Ok, value: 5 },
    { kind: "gauge", offset: -5n, status: Status.Ok, value: -5 },
    { kind: "histogram", offset: 5n, status: Status.BadArgument, value: 0 },
  ] as const)("answers $status to $offset on a $kind", ({ kind, offset, status, value }) => {
    const outcome = run([define(KINDS[kind]), call("proxy_increment_metric", idOf(KINDS[kind]), offset)]);
    expect([outcome.statuses[1], outcome.guest.metric("m")]).toEqual([status, value]);
  });

  it.each([0, 5, 8, 99, -1])("answers NotFound to the id %i", (id) => {
    expect(run([define(0), call("proxy_increment_metric", id, 1n)]).statuses[1]).toBe(Status.NotFound);
  });
});
