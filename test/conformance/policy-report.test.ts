import { describe, expect, it } from "vitest";
import { ReportType, Status } from "@sluice/abi/spec";
import { call, run } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";

const IN_REPORT = { in: "policy_on_report" };
const EIGHT = new Uint8Array(8).fill(1);

describe("policy_report", () => {
  itRefusesMisuse("policy_report", ["tier", ReportType.String, "gold"], IN_REPORT);

  it.each([
    { type: ReportType.String, value: Buffer.from("gold") },
    { type: ReportType.String, value: Buffer.from("") },
    { type: ReportType.Int, value: EIGHT },
    { type: ReportType.Double, value: EIGHT },
    { type: ReportType.Bool, value: Uint8Array.from([1]) },
    { type: ReportType.Bytes, value: Uint8Array.from([0, 255]) },
  ])("adds a value of type $type", ({ type, value }) => {
    const { status, stream } = run([call("policy_report", "tier", type, value)], IN_REPORT);
    expect([status, stream.reports]).toEqual([Status.Ok, [["tier", type, Uint8Array.from(value)]]]);
  });

  it.each([
    { key: "", type: ReportType.String, value: "x", remark: "an empty key" },
    { key: "k", type: 5, value: "x", remark: "an unknown type" },
    { key: "k", type: -1, value: "x", remark: "a negative type" },
    { key: "k", type: ReportType.Int, value: "1234", remark: "an int of four bytes" },
    { key: "k", type: ReportType.Bool, value: "", remark: "a bool of no bytes" },
  ])("answers BadArgument to $remark", ({ key, type, value }) => {
    expect(run([call("policy_report", key, type, value)], IN_REPORT).status).toBe(Status.BadArgument);
  });

  it("answers BadArgument where there is no stream", () => {
    expect(run([call("policy_report", "k", 0, "v")], { in: "proxy_on_tick" }).status).toBe(Status.BadArgument);
  });
});
