import { describe, expect, it } from "vitest";
import { Head, headOf } from "../head/head.ts";
import { decideReply, fillGrpcReply, fillReply, isGrpc } from "./local-reply.ts";

describe("decideReply", () => {
  it.each([
    { name: "nothing was sent", head: false, ended: false, decision: "send" },
    { name: "a head was sent", head: true, ended: false, decision: "reset" },
    { name: "the stream is over", head: true, ended: true, decision: "ignore" },
    { name: "the client left before anything was sent", head: false, ended: true, decision: "ignore" },
  ])("$name: $decision", ({ head, ended, decision }) => {
    expect(decideReply(head, ended)).toBe(decision);
  });
});

describe("fillReply", () => {
  const fill = (status: number, extra: [string, string][], bodyBytes: number): [string, string][] => {
    const head = new Head();
    fillReply(head, status, headOf(extra), bodyBytes);
    return head.toPairs();
  };

  it.each([
    {
      name: "a body without a type is text",
      status: 403,
      extra: [],
      bytes: 2,
      fields: ["content-type text/plain", "content-length 2"],
    },
    {
      name: "a type of its own stays",
      status: 403,
      extra: [["content-type", "application/json"]],
      bytes: 2,
      fields: ["content-type application/json", "content-length 2"],
    },
    {
      name: "fields of one name are all added",
      status: 401,
      extra: [
        ["set-cookie", "a"],
        ["set-cookie", "b"],
      ],
      bytes: 0,
      fields: ["set-cookie a", "set-cookie b", "content-length 0"],
    },
    {
      name: "framing is the host's",
      status: 403,
      extra: [
        ["content-length", "99"],
        ["transfer-encoding", "chunked"],
        ["connection", "close"],
      ],
      bytes: 0,
      fields: ["content-length 0"],
    },
    { name: "204 has no length", status: 204, extra: [], bytes: 0, fields: [] },
  ] as { name: string; status: number; extra: [string, string][]; bytes: number; fields: string[] }[])(
    "$name",
    ({ status, extra, bytes, fields }) => {
      expect(fill(status, extra, bytes).map((pair) => pair.join(" "))).toEqual([`:status ${status}`, ...fields]);
    },
  );
});

describe("fillGrpcReply", () => {
  it("says the status in the head, from the HTTP status when none was given", () => {
    const head = new Head();
    fillGrpcReply(head, 503, null, -1, Buffer.from("a b"));
    expect(head.toPairs()).toEqual([
      [":status", "200"],
      ["content-type", "application/grpc"],
      ["grpc-status", "14"],
      ["grpc-message", "a%20b"],
    ]);
    fillGrpcReply(head, 403, null, 16, new Uint8Array(0));
    expect(head.get("grpc-status")).toBe("16");
  });

  it.each([
    { type: "application/grpc", is: true },
    { type: "application/grpc+proto", is: true },
    { type: "application/grpc-web", is: false },
    { type: "text/plain", is: false },
  ])("$type is a gRPC call: $is", ({ type, is }) => {
    expect(isGrpc(headOf([["content-type", type]]))).toBe(is);
  });
});
