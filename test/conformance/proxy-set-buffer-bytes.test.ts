import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { call, run } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";
import { Exchange } from "./kit/exchange.ts";

const stream = () => new Exchange({ requestBody: "0123456789", bodyBytesMax: 20 });
const set = (type: number, start: number, size: number, data: string) =>
  run([call("proxy_set_buffer_bytes", type, start, size, data)], { stream: stream(), in: "proxy_on_request_body" });

describe("proxy_set_buffer_bytes", () => {
  itRefusesMisuse("proxy_set_buffer_bytes", [0, 0, 0, "ab"], { stream });

  it.each([
    { start: 0, size: 0, data: "ab", body: "ab0123456789", remark: "prepends" },
    { start: 0x7fff_ffff, size: 0, data: "ab", body: "0123456789ab", remark: "appends" },
    { start: 10, size: 5, data: "ab", body: "0123456789ab", remark: "appends at the end exactly" },
    { start: 0, size: 10, data: "ab", body: "ab", remark: "replaces all" },
    { start: 0, size: -1, data: "ab", body: "ab", remark: "replaces all with a size of 2³²-1" },
    { start: 3, size: 2, data: "ab", body: "012ab56789", remark: "replaces in the middle" },
    { start: 3, size: 0, data: "ab", body: "012ab3456789", remark: "injects" },
    { start: 8, size: 100, data: "ab", body: "01234567ab", remark: "clamps the size to what is there" },
    { start: 0, size: 10, data: "", body: "", remark: "empties" },
  ])("$remark", ({ start, size, data, body }) => {
    const outcome = set(0, start, size, data);
    expect([outcome.status, outcome.stream.bodyText(0)]).toEqual([Status.Ok, body]);
  });

  it.each([4, 5, 6, 7, 8, 9, -1])("answers BadArgument to buffer type %i, which cannot be written", (type) => {
    expect(set(type, 0, 0, "a").status).toBe(Status.BadArgument);
  });

  it.each([1, 2, 3])("answers NotFound for buffer type %i, which is not there", (type) => {
    expect(set(type, 0, 0, "a").status).toBe(Status.NotFound);
  });

  it("answers InternalFailure when the body would pass its limit, and leaves it", () => {
    const outcome = set(0, 0, 0, "x".repeat(11));
    expect([outcome.status, outcome.stream.bodyText(0)]).toEqual([Status.InternalFailure, "0123456789"]);
  });
});
