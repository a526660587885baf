import { describe, expect, it } from "vitest";
import { CAPABILITY_FAMILIES, Status } from "@sluice/abi/spec";
import { call, run } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";
import { Exchange } from "./kit/exchange.ts";

const IN_REQUEST = { in: "proxy_on_request_headers", capabilities: CAPABILITY_FAMILIES };

describe("policy_mirror", () => {
  itRefusesMisuse("policy_mirror", ["shadow", 0], IN_REQUEST);

  it.each([
    { flags: 0, in: "policy_on_check" },
    { flags: 1, in: "proxy_on_request_headers" },
    { flags: 7, in: "proxy_on_request_body" },
    { flags: 4, in: "proxy_on_request_trailers" },
  ])("asks for a copy with flags $flags in $in", ({ flags, in: callback }) => {
    const { status, stream } = run([call("policy_mirror", "shadow", flags)], { ...IN_REQUEST, in: callback });
    expect([status, stream.mirrors]).toEqual([Status.Ok, [["shadow", flags]]]);
  });

  it.each([
    { cluster: "", flags: 0, remark: "an empty name" },
    { cluster: "c".repeat(4097), flags: 0, remark: "a name that is too long" },
    { cluster: "shadow", flags: 8, remark: "an unknown flag" },
    { cluster: "shadow", flags: -1, remark: "negative flags" },
  ])("answers BadArgument to $remark", ({ cluster, flags }) => {
    const { status, stream } = run([call("policy_mirror", cluster, flags)], IN_REQUEST);
    expect([status, stream.mirrors]).toEqual([Status.BadArgument, []]);
  });

  it("answers NotFound to a cluster that is not there, and logs it once", () => {
    const stream = new Exchange({ requestHeaders: [], mirrorAnswer: "unknownCluster" });
    const twice = [call("policy_mirror", "nowhere", 0), call("policy_mirror", "nowhere", 0)];
    const { statuses, logs } = run(twice, { ...IN_REQUEST, stream });
    expect(statuses).toEqual([Status.NotFound, Status.NotFound]);
    expect(logs.map(({ message }) => message)).toEqual([
      'policy_mirror names cluster "nowhere", which this proxy does not have',
    ]);
  });

  it.each([
    { mirrorAnswer: "tooLate" as const, expected: Status.BadArgument },
    { mirrorAnswer: "full" as const, expected: Status.InternalFailure },
  ])("answers $expected when the stream says $mirrorAnswer", ({ mirrorAnswer, expected }) => {
    const stream = new Exchange({ requestHeaders: [], mirrorAnswer });
    expect(run([call("policy_mirror", "shadow", 0)], { ...IN_REQUEST, stream }).status).toBe(expected);
  });

  it("answers InternalFailure to a filter that was not granted callouts", () => {
    const { status, stream } = run([call("policy_mirror", "shadow", 0)], { in: "proxy_on_request_headers" });
    expect([status, stream.mirrors]).toEqual([Status.InternalFailure, []]);
  });
});
