import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { call, run } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";

const ask = (callback: string) => {
  const { status, stream } = run([call("proxy_continue_response")], { abi: "0_1_0", in: callback });
  return [status, stream.steps];
};

describe("proxy_continue_response", () => {
  itRefusesMisuse("proxy_continue_response", [], { abi: "0_1_0" });

  it("is proxy_continue_stream of the response", () => {
    expect(ask("proxy_on_request_headers")).toEqual([Status.Ok, ["continue 1"]]);
  });

  it("has no effect where there is no stream", () => {
    expect(ask("proxy_on_tick")).toEqual([Status.Ok, []]);
  });

  it("is refused in a check", () => {
    expect(ask("policy_on_check")).toEqual([Status.BadArgument, []]);
  });
});
