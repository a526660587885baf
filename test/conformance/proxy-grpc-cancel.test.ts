import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { GRPC_CALL_ID, GRPC_STREAM_ID, grpcCall, grpcStream, HTTP_ID, httpCall, MAY_CALL } from "./kit/callouts.ts";
import { call, run } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";

const cancel = (token: number) => call("proxy_grpc_cancel", token);
const logs = [call("proxy_log", 2, "told")];

describe("proxy_grpc_cancel", () => {
  itRefusesMisuse("proxy_grpc_cancel", [GRPC_STREAM_ID], { ...MAY_CALL, before: [grpcStream()] });

  it.each([
    { kind: "a call", asked: grpcCall(), token: GRPC_CALL_ID, telling: "proxy_on_grpc_receive" },
    { kind: "a stream", asked: grpcStream(), token: GRPC_STREAM_ID, telling: "proxy_on_grpc_close" },
  ])("ends $kind, of which nothing is told any more", ({ asked, token, telling }) => {
    const options = { ...MAY_CALL, in: "proxy_on_request_headers", later: { in: telling, calls: logs } };
    const opened = run([asked], { ...options, later: { in: "proxy_on_request_body", calls: [cancel(token)] } });
    opened.guest.call("proxy_on_request_body", 2);
    expect(opened.again().statuses).toEqual([Status.Ok, Status.Ok]);
    expect(opened.guest.callouts).toMatchObject([{ state: "cancelled" }]);
    const told = run([asked, cancel(token)], options);
    for (const callout of told.guest.callouts) callout.tell({ message: "late", closed: [0, ""] });
    expect(told.logs).toEqual([]);
  });

  it.each([
    { asked: httpCall(), token: HTTP_ID, remark: "an HTTP call's id" },
    { asked: grpcCall(), token: 99, remark: "a token that nobody was given" },
    { asked: grpcCall(), token: 0, remark: "0" },
  ])("answers NotFound to $remark", ({ asked, token }) => {
    expect(run([asked, cancel(token)], MAY_CALL).statuses[1]).toBe(Status.NotFound);
  });

  it("answers NotFound the second time", () => {
    expect(run([grpcCall(), cancel(GRPC_CALL_ID), cancel(GRPC_CALL_ID)], MAY_CALL).statuses).toEqual([
      Status.Ok,
      Status.Ok,
      Status.NotFound,
    ]);
  });
});
