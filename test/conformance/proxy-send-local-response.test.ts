import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { call, run, type Argument, type GuestOptions } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";
import { pairsOf } from "./kit/pairs.ts";

interface Reply {
  readonly status?: number;
  readonly details?: string;
  readonly body?: string;
  readonly headers?: Uint8Array;
  readonly grpcStatus?: number;
}

const reply = ({ status = 403, details = "", body = "", headers = new Uint8Array(0), grpcStatus = -1 }: Reply) =>
  call("proxy_send_local_response", ...([status, details, body, headers, grpcStatus] as Argument[]));

const send = (fields: Reply, options: GuestOptions = {}) => run([reply(fields)], options);

describe("proxy_send_local_response", () => {
  itRefusesMisuse("proxy_send_local_response", [403, "denied", "no", pairsOf([["x", "1"]]), -1]);

  it("hands over status, details, body and headers once the callback has returned", () => {
    const { stream } = send({
      details: "no way\nout",
      body: "denied",
      headers: pairsOf([["X-Why", "rule"]]),
      grpcStatus: 7,
    });
    const [made] = stream.replies;
    expect([made!.status, made!.details, Buffer.from(made!.body).toString(), made!.headers, made!.grpcStatus]).toEqual([
      403,
      "no_way\\nout",
      "denied",
      [["x-why", "rule"]],
      7,
    ]);
  });

  it.each([
    { grpcStatus: 0, kept: 0 },
    { grpcStatus: 16, kept: 16 },
    { grpcStatus: 17, kept: -1 },
    { grpcStatus: -1, kept: -1 },
  ])("keeps gRPC status $grpcStatus as $kept", ({ grpcStatus, kept }) => {
    expect(send({ grpcStatus }).stream.replies[0]!.grpcStatus).toBe(kept);
  });

  it("leaves out pseudo headers and what frames the message", () => {
    const headers = pairsOf([
      [":status", "200"],
      ["Content-Length", "999"],
      ["transfer-encoding", "chunked"],
      ["x", "1"],
      ["x", "2"],
    ]);
    expect(send({ headers }).stream.replies[0]!.headers).toEqual([
      ["x", "1"],
      ["x", "2"],
    ]);
  });

  it.each([
    { fields: { status: 199 }, remark: "status 199" },
    { fields: { status: 600 }, remark: "status 600" },
    { fields: { status: -1 }, remark: "status 2³²-1" },
    { fields: { headers: Uint8Array.from([9, 9, 9, 9]) }, remark: "malformed headers" },
    { fields: { headers: pairsOf([["x", "a\r\nb"]]) }, remark: "a line break in a header" },
    { fields: { headers: pairsOf([["", "a"]]) }, remark: "an empty header name" },
  ])("answers BadArgument to $remark and sends nothing", ({ fields }) => {
    const { status, stream } = send(fields);
    expect([status, stream.replies]).toEqual([Status.BadArgument, []]);
  });

  it("answers Ok to a second one and logs that the first counts", () => {
    const { statuses, stream, logs } = run([reply({ status: 403 }), reply({ status: 500 })]);
    expect([statuses, stream.replies[0]!.status]).toEqual([[Status.Ok, Status.Ok], 403]);
    expect(logs[0]!.message).toBe("a second local response for one stream: the first one counts");
  });

  it("answers Ok where there is no stream, and logs that nothing is sent", () => {
    const { status, logs } = send({}, { in: "proxy_on_tick" });
    expect([status, logs[0]!.source]).toEqual([Status.Ok, "host"]);
  });

  it("is refused in a check, which has policy_set_response", () => {
    expect(send({}, { in: "policy_on_check" }).status).toBe(Status.BadArgument);
  });
});
