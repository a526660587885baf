import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { call, run } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";

const IN_CHECK = { in: "policy_on_check" };

describe("policy_set_verdict", () => {
  itRefusesMisuse("policy_set_verdict", [7, "rule-id"], IN_CHECK);

  it("gives code and reason of the running check", () => {
    expect(run([call("policy_set_verdict", 16, "no-token")], IN_CHECK).stream.verdict).toEqual({
      code: 16,
      reason: "no-token",
    });
  });

  it("lets the last call win", () => {
    const calls = [call("policy_set_verdict", 16, "a"), call("policy_set_verdict", 7, "b\n")];
    expect(run(calls, IN_CHECK).stream.verdict).toEqual({ code: 7, reason: "b\\n" });
  });

  it.each([17, -1])("answers BadArgument to code %i", (code) => {
    expect(run([call("policy_set_verdict", code, "")], IN_CHECK).status).toBe(Status.BadArgument);
  });

  it.each(["proxy_on_request_headers", "proxy_on_log", "proxy_on_tick", "policy_on_report"])(
    "answers BadArgument in %s, where no verdict is awaited",
    (callback) => {
      const { status, stream } = run([call("policy_set_verdict", 7, "late")], { in: callback });
      expect([status, stream.verdict]).toEqual([Status.BadArgument, null]);
    },
  );
});
