import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { GRPC_CALL_ID, grpcCall, MAY_CALL } from "./kit/callouts.ts";
import { itAsksOverGrpc } from "./kit/grpc-requests.ts";
import { call, OUT, run } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";
import { pairsOf } from "./kit/pairs.ts";

const METADATA = pairsOf([["x-a", "1"]]);

describe("proxy_grpc_call", () => {
  itRefusesMisuse("proxy_grpc_call", ["backend", "s.Service", "Method", METADATA, "message", 500, OUT], MAY_CALL);
  itAsksOverGrpc((cluster, service, method, metadata) =>
    call("proxy_grpc_call", cluster, service, method, metadata, "asked", 500, OUT),
  );

  it("sends a message once the callback has returned", () => {
    const outcome = run([grpcCall()], MAY_CALL);
    expect([outcome.status, outcome.u32(0)]).toEqual([Status.Ok, GRPC_CALL_ID]);
    expect(outcome.guest.callouts).toMatchObject([
      {
        kind: "grpcCall",
        cluster: "backend",
        fields: [[":path", "/s.Service/Method"]],
        sent: ["asked"],
        timeoutMs: 500,
      },
    ]);
  });

  it.each([
    { timeout: 0, timeoutMs: 1000 },
    { timeout: 0x7fff_ffff, timeoutMs: 60_000 },
    { timeout: -1, timeoutMs: 60_000 },
  ])("waits $timeoutMs ms for a time of $timeout", ({ timeout, timeoutMs }) => {
    const asked = call("proxy_grpc_call", "backend", "s.S", "M", "", "", timeout, OUT);
    expect(run([asked], MAY_CALL).guest.callouts[0]!.timeoutMs).toBe(timeoutMs);
  });
});
