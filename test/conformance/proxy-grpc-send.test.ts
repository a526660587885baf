import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { GRPC_CALL_ID, GRPC_STREAM_ID, grpcCall, grpcStream, HTTP_ID, httpCall, MAY_CALL } from "./kit/callouts.ts";
import { call, run } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";

const send = (token: number, message: string, endOfStream = 0) => call("proxy_grpc_send", token, message, endOfStream);

describe("proxy_grpc_send", () => {
  itRefusesMisuse("proxy_grpc_send", [GRPC_STREAM_ID, "message", 0], { ...MAY_CALL, before: [grpcStream()] });

  it("sends messages in order, on a stream that was opened in the same callback too", () => {
    const { statuses, guest } = run(
      [grpcStream(), send(GRPC_STREAM_ID, "one"), send(GRPC_STREAM_ID, ""), send(GRPC_STREAM_ID, "three")],
      MAY_CALL,
    );
    expect(statuses).toEqual([0, 0, 0, 0]);
    expect(guest.callouts).toMatchObject([{ sent: ["one", "", "three"], state: "open" }]);
  });

  it.each([1, 2, -1])("closes our side behind the message when the end is %i", (endOfStream) => {
    const { guest } = run([grpcStream(), send(GRPC_STREAM_ID, "last", endOfStream)], MAY_CALL);
    expect(guest.callouts).toMatchObject([{ sent: ["last"], state: "halfClosed" }]);
  });

  it.each([
    { token: 99, status: Status.NotFound, remark: "a token that nobody was given" },
    { token: 0, status: Status.NotFound, remark: "0" },
    { token: -1, status: Status.NotFound, remark: "2³²-1" },
    { token: GRPC_CALL_ID, status: Status.BadArgument, remark: "a call's token" },
    { token: HTTP_ID, status: Status.BadArgument, remark: "an HTTP call's id" },
  ])("answers $status to $remark", ({ token, status }) => {
    // The second of each kind, since ids of all kinds are counted together.
    expect(run([kindOf(token), send(token, "x")], MAY_CALL).statuses[1]).toBe(status);
  });

  it("does not know a stream that is over", () => {
    const outcome = run([grpcStream()], {
      ...MAY_CALL,
      later: { in: "proxy_on_grpc_close", calls: [send(GRPC_STREAM_ID, "x")] },
    });
    outcome.guest.callouts[0]!.tell({ closed: [0, ""] });
    expect([outcome.again().statuses[1], outcome.guest.callouts[0]!.sent]).toEqual([Status.NotFound, []]);
  });
});

function kindOf(token: number) {
  return token === GRPC_CALL_ID ? grpcCall() : httpCall();
}
