import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { call, run } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";
import { pairsOf } from "./kit/pairs.ts";

const IN_CHECK = { in: "policy_on_check" };
const headers = pairsOf([["location", "/login"]]);

describe("policy_set_response", () => {
  itRefusesMisuse("policy_set_response", [302, headers, "moved"], IN_CHECK);

  it("gives the direct response of a deny", () => {
    const { response } = run([call("policy_set_response", 302, headers, "moved")], IN_CHECK).stream;
    expect([response!.status, response!.headers, Buffer.from(response!.body).toString()]).toEqual([
      302,
      [["location", "/login"]],
      "moved",
    ]);
  });

  it.each([
    { status: 199, bytes: headers, remark: "status 199" },
    { status: 600, bytes: headers, remark: "status 600" },
    { status: 403, bytes: Uint8Array.from([1]), remark: "malformed headers" },
    { status: 403, bytes: pairsOf([["x", "a\nb"]]), remark: "a line break in a header" },
  ])("answers BadArgument to $remark", ({ status, bytes }) => {
    const outcome = run([call("policy_set_response", status, bytes, "")], IN_CHECK);
    expect([outcome.status, outcome.stream.response]).toEqual([Status.BadArgument, null]);
  });

  it("answers BadArgument outside a check", () => {
    expect(run([call("policy_set_response", 403, headers, "")]).status).toBe(Status.BadArgument);
  });
});
