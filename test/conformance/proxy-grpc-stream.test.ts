import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { GRPC_STREAM_ID, grpcStream, MAY_CALL } from "./kit/callouts.ts";
import { itAsksOverGrpc } from "./kit/grpc-requests.ts";
import { call, OUT, ready, run } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";
import { pairsOf } from "./kit/pairs.ts";

describe("proxy_grpc_stream", () => {
  itRefusesMisuse("proxy_grpc_stream", ["backend", "s.Service", "Method", pairsOf([["x-a", "1"]]), OUT], MAY_CALL);
  itAsksOverGrpc((cluster, service, method, metadata) =>
    call("proxy_grpc_stream", cluster, service, method, metadata, OUT),
  );

  it("opens a stream once the callback has returned", () => {
    const outcome = run([grpcStream()], MAY_CALL);
    expect([outcome.status, outcome.u32(0)]).toEqual([Status.Ok, GRPC_STREAM_ID]);
    expect(outcome.guest.callouts).toMatchObject([
      { kind: "grpcStream", cluster: "backend", fields: [[":path", "/s.Service/Method"]], sent: [], timeoutMs: null },
    ]);
  });

  it("has opened nothing when the callback fails behind it", () => {
    const { guest, enter } = ready([grpcStream(), call("proc_exit", 3)], MAY_CALL);
    expect(enter).toThrow(/proc_exit/);
    expect(guest.callouts).toEqual([]);
  });
});
