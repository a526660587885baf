import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { startGuest } from "./kit/guest.ts";
import { itRefusesBadFields, stream, write } from "./kit/header-writes.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";
import { Exchange, type Pairs } from "./kit/exchange.ts";

const replace = (mapType: number, name: string, value: string) =>
  write("proxy_replace_header_map_value", mapType, name, value);
const named = (pairs: Pairs | undefined, name: string) => pairs!.filter(([each]) => each === name);

describe("proxy_replace_header_map_value", () => {
  itRefusesMisuse("proxy_replace_header_map_value", [0, "x-a", "v"], { stream });
  itRefusesBadFields("proxy_replace_header_map_value");

  it("puts one field in the place of all of that name", () => {
    const { status, pairs } = replace(0, "X-A", "9");
    expect([status, named(pairs, "x-a"), pairs!.length]).toEqual([Status.Ok, [["x-a", "9"]], 5]);
  });

  it("adds a name that is not there", () => {
    expect(replace(0, "x-c", "9").pairs!.at(-1)).toEqual(["x-c", "9"]);
  });

  it("takes an empty value", () => {
    expect(named(replace(0, "x-b", "").pairs, "x-b")).toEqual([["x-b", ""]]);
  });

  it.each([
    { name: ":path", value: "/b?c=d" },
    { name: ":method", value: "POST" },
    { name: ":authority", value: "b.test:81" },
  ])("changes $name in its place", ({ name, value }) => {
    const { status, pairs } = replace(0, name, value);
    expect([status, named(pairs, name), pairs!.length]).toEqual([Status.Ok, [[name, value]], 6]);
  });

  it("takes host as :authority", () => {
    const { pairs } = replace(0, "Host", "b.test");
    expect([named(pairs, ":authority"), named(pairs, "host")]).toEqual([[[":authority", "b.test"]], []]);
  });

  it("changes a response's status", () => {
    expect(replace(2, ":status", "418").pairs).toEqual([[":status", "418"]]);
  });

  it("answers BadArgument to a map that was edited for a mebibyte, however small it is now", () => {
    const guest = startGuest(`
      (import "env" "proxy_replace_header_map_value" (func $replace (param i32 i32 i32 i32 i32) (result i32)))
      (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
        (memory.fill (i32.const 0) (i32.const 97) (i32.const 32768))
        (call $replace (i32.const 0) (i32.const 0) (i32.const 3) (i32.const 0) (i32.const 32768)))`);
    const id = guest.createStream(new Exchange({ requestHeaders: [["x-a", "1"]] }));
    const statuses = Array.from({ length: 40 }, () => guest.call("proxy_on_request_headers", id));
    expect([statuses[30], statuses[39]]).toEqual([Status.Ok, Status.BadArgument]);
  });
});
