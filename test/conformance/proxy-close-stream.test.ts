import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { call, run } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";

const ask = (type: number, callback = "proxy_on_request_headers") => {
  const { status, stream } = run([call("proxy_close_stream", type)], { in: callback });
  return [status, stream.steps];
};

// When the effect is done is tested in effects.test.ts.
describe("proxy_close_stream", () => {
  itRefusesMisuse("proxy_close_stream", [0]);

  it.each([
    { type: 0, status: Status.Ok, steps: ["close 0"], remark: "the request" },
    { type: 1, status: Status.Ok, steps: ["close 1"], remark: "the response" },
    { type: 2, status: Status.Ok, steps: ["close 2"], remark: "a TCP downstream" },
    { type: 3, status: Status.Ok, steps: ["close 3"], remark: "a TCP upstream" },
    { type: 4, status: Status.BadArgument, steps: [], remark: "no stream type" },
    { type: -1, status: Status.BadArgument, steps: [], remark: "no stream type" },
  ])("answers $status to $type: $remark", ({ type, status, steps }) => {
    expect(ask(type)).toEqual([status, steps]);
  });

  it("has no effect where there is no stream", () => {
    expect(ask(0, "proxy_on_tick")).toEqual([Status.Ok, []]);
  });

  it("is refused in a check", () => {
    expect(ask(0, "policy_on_check")).toEqual([Status.BadArgument, []]);
  });

  it("answers InternalFailure to more effects than one callback may queue", () => {
    const { statuses } = run(Array.from({ length: 257 }, () => call("proxy_close_stream", 0)));
    expect([statuses[255], statuses[256]]).toEqual([Status.Ok, Status.InternalFailure]);
  });
});
