import { describe, expect, it } from "vitest";
import { MatcherKind, Status } from "@sluice/abi/spec";
import { call, OUT, run } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";
import { pairsOf } from "./kit/pairs.ts";

const atConfigure = { in: "proxy_on_configure" } as const;
const matcher = (kind: number, entries: readonly (readonly [string, string])[]) =>
  call("policy_matcher", kind, pairsOf(entries), OUT);

describe("policy_matcher", () => {
  itRefusesMisuse("policy_matcher", [0, pairsOf([["a", "1"]]), OUT], atConfigure);

  it("numbers tables from 1 on, and gives one table of one kind one number", () => {
    const outcome = run(
      [
        matcher(MatcherKind.Exact, [["a", "1"]]),
        matcher(MatcherKind.Prefix, [["a", "1"]]),
        matcher(MatcherKind.Exact, [["a", "1"]]),
        matcher(MatcherKind.Cidr, []),
      ],
      atConfigure,
    );
    expect([0, 1, 2, 3].map((out) => outcome.u32(out))).toEqual([1, 2, 1, 3]);
  });

  it.each([
    { remark: "a kind that there is not", made: call("policy_matcher", 4, pairsOf([["a", "1"]]), OUT) },
    { remark: "bytes that are no pairs", made: call("policy_matcher", 0, "\u0001\u0000\u0000\u0000", OUT) },
    ...["0", "-1", "01", "2147483648", "x", ""].map((value) => ({
      remark: `the class "${value}"`,
      made: matcher(MatcherKind.Exact, [["a", value]]),
    })),
    { remark: "one string twice", made: matcher(MatcherKind.Prefix, [["a", "1"], ["a", "2"]]) }, // prettier-ignore
    { remark: "a network that is none", made: matcher(MatcherKind.Cidr, [["10.0.0.0/40", "1"]]) },
  ])("answers BadArgument to $remark", ({ made }) => {
    const outcome = run([made], atConfigure);
    expect([outcome.status, outcome.u32(0)]).toEqual([Status.BadArgument, null]);
  });

  it.each(["proxy_on_vm_start", "proxy_on_tick", "policy_on_check", "proxy_on_request_headers"])(
    "answers BadArgument in %s: tables are made at configure",
    (callback) => {
      expect(run([matcher(0, [["a", "1"]])], { in: callback }).status).toBe(Status.BadArgument);
    },
  );

  it("answers InternalFailure to one table more than a plugin may have", () => {
    const many = Array.from({ length: 65 }, (_, i) => matcher(0, [[`${i}`, "1"]]));
    const { statuses } = run(many, atConfigure);
    expect([statuses.slice(0, 64).every((status) => status === Status.Ok), statuses[64]]).toEqual([
      true,
      Status.InternalFailure,
    ]);
  });
});
