// What add and replace refuse alike: fields that a message must not carry, maps that may not be changed.
import { expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { call, run } from "./guest.ts";
import { Exchange } from "./exchange.ts";

export const requestHeaders = [
  [":method", "GET"],
  [":path", "/a"],
  [":authority", "a.test"],
  ["x-a", "1"],
  ["x-b", "2"],
  ["x-a", "3"],
] as const;

export const stream = (): Exchange =>
  new Exchange({ requestHeaders, requestTrailers: [], responseHeaders: [[":status", "200"]] });

/** Makes one call with name and value; what the map holds afterwards. */
export function write(hostcall: string, mapType: number, name: string | Uint8Array, value: string | Uint8Array) {
  const outcome = run([call(hostcall, mapType, name, value)], { stream: stream() });
  return { status: outcome.status, pairs: outcome.stream.maps[mapType] ?? undefined };
}

export function itRefusesBadFields(hostcall: string): void {
  it.each([
    { name: "", value: "v", remark: "an empty name" },
    { name: "x y", value: "v", remark: "a space in the name" },
    { name: "x\r\ny", value: "v", remark: "a line break in the name" },
    { name: "x:y", value: "v", remark: "a colon in the name" },
    { name: "x\u00e9", value: "v", remark: "a name that is not ASCII" },
    { name: "x", value: "a\r\nset-cookie: b", remark: "a line break in the value" },
    { name: "x", value: "a\nb", remark: "a line feed in the value" },
    { name: "x", value: "a\0b", remark: "a NUL in the value" },
    { name: ":unknown", value: "v", remark: "a pseudo header that does not exist" },
    { name: ":status", value: "200", remark: "a response's pseudo header" },
    { name: ":path", value: "", remark: "an empty path" },
    { name: ":path", value: "/a HTTP/1.1", remark: "a space in the path" },
    { name: ":method", value: "GET /", remark: "a method that is no token" },
    { name: ":authority", value: "a b", remark: "a space in the authority" },
  ])("answers BadArgument to $remark and leaves the map", ({ name, value }) => {
    expect(write(hostcall, 0, name, value)).toEqual({ status: Status.BadArgument, pairs: requestHeaders });
  });

  it.each(["099", "199", "600", "2x0", "20", ""])("answers BadArgument to the status %j", (value) => {
    expect(write(hostcall, 2, ":status", value)).toEqual({ status: Status.BadArgument, pairs: [[":status", "200"]] });
  });

  it.each([3, 4, 7, 8, -1])("answers BadArgument to map type %i", (mapType) => {
    expect(write(hostcall, mapType, "x", "v").status).toBe(Status.BadArgument);
  });

  it("answers BadArgument for a map that may only be read", () => {
    const readOnly = new Exchange({ requestHeaders, isReadOnly: true });
    const outcome = run([call(hostcall, 0, "x", "v")], { stream: readOnly, in: "proxy_on_log" });
    expect([outcome.status, readOnly.maps[0]!.length]).toEqual([Status.BadArgument, requestHeaders.length]);
  });

  it("answers BadArgument where there is no stream", () => {
    expect(run([call(hostcall, 0, "x", "v")], { in: "proxy_on_tick" }).status).toBe(Status.BadArgument);
  });

  it("stops at what one callback may make the host keep", () => {
    const calls = Array.from({ length: 150 }, () => call(hostcall, 0, "x", 0, 32_768));
    const zeroless = new Exchange({ requestHeaders });
    const { statuses } = run([call(hostcall, 0, "x", "v"), ...calls], { stream: zeroless });
    expect(statuses[0]).toBe(Status.Ok);
    expect(statuses.at(-1)).not.toBe(Status.Ok);
  });
}
