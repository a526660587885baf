import { describe, expect, it } from "vitest";
import { CheckKind, Status } from "@sluice/abi/spec";
import { Exchange } from "./kit/exchange.ts";
import { call, run } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";

const pending = () => new Exchange({ requestHeaders: [["x-a", "1"]], isCheckPending: true });
const complete = (kind: number, stream = pending()) => run([call("policy_complete_check", kind)], { stream });

// What becomes of the stream is tested with the engine, in abi/stream.
describe("policy_complete_check", () => {
  itRefusesMisuse("policy_complete_check", [CheckKind.Allow], { stream: pending });

  it.each([CheckKind.NoOpinion, CheckKind.Allow, CheckKind.Deny, CheckKind.Error])(
    "ends a pending check with kind %i, once the callback has returned",
    (kind) => {
      const { status, stream } = complete(kind);
      expect([status, stream.steps]).toEqual([Status.Ok, [`check ${kind}`]]);
    },
  );

  it.each([CheckKind.Pending, 5, -1])("answers BadArgument to kind %i", (kind) => {
    const { status, stream } = complete(kind);
    expect([status, stream.steps]).toEqual([Status.BadArgument, []]);
  });

  it("answers NotFound when no check is pending", () => {
    const { status, stream } = complete(CheckKind.Allow, new Exchange());
    expect([status, stream.steps]).toEqual([Status.NotFound, []]);
  });

  it("answers NotFound to a root that has made no stream the effective context", () => {
    expect(run([call("policy_complete_check", CheckKind.Allow)], { in: "proxy_on_tick" }).status).toBe(Status.NotFound);
  });

  it("takes code, reason and response of the verdict before it", () => {
    const calls = [
      call("policy_set_verdict", 16, "expired"),
      call("policy_set_response", 401, "", "log in"),
      call("policy_complete_check", CheckKind.Deny),
    ];
    const { statuses, stream } = run(calls, { stream: pending() });
    expect([statuses, stream.verdict, stream.response]).toMatchObject([
      [0, 0, 0],
      { code: 16, reason: "expired" },
      { status: 401 },
    ]);
  });
});
