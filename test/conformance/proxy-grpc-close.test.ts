import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { GRPC_CALL_ID, GRPC_STREAM_ID, grpcCall, grpcStream, HTTP_ID, httpCall, MAY_CALL } from "./kit/callouts.ts";
import { call, run } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";

const close = (token: number) => call("proxy_grpc_close", token);
const logs = [call("proxy_log", 2, "told")];

describe("proxy_grpc_close", () => {
  itRefusesMisuse("proxy_grpc_close", [GRPC_STREAM_ID], { ...MAY_CALL, before: [grpcStream()] });

  it("cancels a call", () => {
    const options = { ...MAY_CALL, later: { in: "proxy_on_request_body", calls: [close(GRPC_CALL_ID)] } };
    const outcome = run([grpcCall()], options);
    outcome.guest.call("proxy_on_request_body", 2);
    expect([outcome.again().statuses[1], outcome.guest.callouts[0]!.state]).toEqual([Status.Ok, "cancelled"]);
  });

  it("half-closes a stream, whose messages still arrive", () => {
    const outcome = run([grpcStream(), close(GRPC_STREAM_ID)], {
      ...MAY_CALL,
      later: { in: "proxy_on_grpc_receive", calls: logs },
    });
    expect([outcome.statuses[1], outcome.guest.callouts[0]!.state]).toEqual([Status.Ok, "halfClosed"]);
    outcome.guest.callouts[0]!.tell({ message: "answer" });
    expect(outcome.logs.map(({ message }) => message)).toEqual(["told"]);
  });

  it.each([
    { asked: httpCall(), token: HTTP_ID, remark: "an HTTP call's id" },
    { asked: grpcCall(), token: 99, remark: "a token that nobody was given" },
    { asked: grpcCall(), token: 0, remark: "0" },
  ])("answers NotFound to $remark", ({ asked, token }) => {
    expect(run([asked, close(token)], MAY_CALL).statuses[1]).toBe(Status.NotFound);
  });
});
