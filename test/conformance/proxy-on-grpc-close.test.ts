import { describe, expect, it } from "vitest";
import { GrpcStatus, Status } from "@sluice/abi/spec";
import { itIsMadeAsItsRowSays } from "./kit/callback.ts";
import { grpcCall, grpcStream, hearing } from "./kit/callouts.ts";
import { call, OUT, run } from "./kit/guest.ts";

const NAME = "proxy_on_grpc_close";
const status = call("proxy_get_status", OUT, OUT, OUT);
const told = call("proxy_log", 2, "told");

describe(NAME, () => {
  itIsMadeAsItsRowSays(NAME, { rest: [5, 14] });

  it("tells how a call failed, and proxy_get_status its words", () => {
    const outcome = run([grpcCall()], hearing(NAME, status));
    outcome.guest.callouts[0]!.tell({ closed: [GrpcStatus.Unavailable, "no endpoint"] });
    const now = outcome.again();
    expect([now.statuses[1], now.u32(1), now.text(2)]).toEqual([Status.Ok, GrpcStatus.Unavailable, "no endpoint"]);
  });

  it("tells the end of a stream, also a good one, once", () => {
    const outcome = run([grpcStream()], hearing(NAME, told));
    outcome.guest.callouts[0]!.tell({ closed: [0, ""] });
    outcome.guest.callouts[0]!.tell({ closed: [0, ""] });
    expect(outcome.logs.length).toBe(1);
  });

  it("is not made for a call that went well", () => {
    const outcome = run([grpcCall()], hearing(NAME, told));
    outcome.guest.callouts[0]!.tell({ message: "answer", closed: [0, ""] });
    expect(outcome.logs).toEqual([]);
  });
});
