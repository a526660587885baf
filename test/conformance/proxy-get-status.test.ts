import { describe, expect, it } from "vitest";
import { GrpcStatus, Status } from "@sluice/abi/spec";
import { grpcCall, httpCall, MAY_CALL } from "./kit/callouts.ts";
import { call, OUT, run } from "./kit/guest.ts";
import { FIRST_STREAM } from "./kit/host.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";

const status = call("proxy_get_status", OUT, OUT, OUT);
const LATER = { ...MAY_CALL, later: { in: "proxy_on_request_body", calls: [status] } };

describe("proxy_get_status", () => {
  itRefusesMisuse("proxy_get_status", [OUT, OUT, OUT]);

  it("says that nothing has failed, with an empty message", () => {
    const outcome = run([status]);
    expect([outcome.status, outcome.u32(0), outcome.u32(1), outcome.u32(2)]).toEqual([Status.Ok, 0, 0, 0]);
  });

  it.each([
    { kind: "an HTTP call", asked: httpCall(), code: Status.BrokenConnection },
    { kind: "a gRPC call", asked: grpcCall(), code: GrpcStatus.Unavailable },
  ])("says how $kind failed last, to every context of the guest", ({ asked, code }) => {
    const outcome = run([asked], LATER);
    const [callout] = outcome.guest.callouts;
    if (callout!.kind === "http") callout!.fail("reset");
    else callout!.tell({ closed: [GrpcStatus.Unavailable, "reset"] });
    outcome.guest.call("proxy_on_request_body", FIRST_STREAM);
    const now = outcome.again();
    expect([now.statuses[1], now.u32(1), now.text(2)]).toEqual([Status.Ok, code, "reset"]);
  });

  it("says nothing of a callout that was answered", () => {
    const outcome = run([httpCall()], LATER);
    outcome.guest.callouts[0]!.answer([[":status", "503"]], "");
    outcome.guest.call("proxy_on_request_body", FIRST_STREAM);
    expect(outcome.again().u32(1)).toBe(0);
  });
});
