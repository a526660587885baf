import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { call, run } from "./kit/guest.ts";
import { itRefusesBadFields, requestHeaders, stream, write } from "./kit/header-writes.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";
import { Exchange } from "./kit/exchange.ts";

const add = (mapType: number, name: string, value: string) => write("proxy_add_header_map_value", mapType, name, value);

describe("proxy_add_header_map_value", () => {
  itRefusesMisuse("proxy_add_header_map_value", [0, "x-c", "v"], { stream });
  itRefusesBadFields("proxy_add_header_map_value");

  it.each([
    { mapType: 0, name: "x-c", value: "4", remark: "a new name" },
    { mapType: 0, name: "x-a", value: "4", remark: "a name that is there" },
    { mapType: 0, name: "x-c", value: "", remark: "an empty value" },
    { mapType: 1, name: "x-c", value: "4", remark: "a first trailer" },
  ])("appends $remark and keeps what there is", ({ mapType, name, value }) => {
    const before = stream().maps[mapType]!;
    expect(add(mapType, name, value)).toEqual({ status: Status.Ok, pairs: [...before, [name, value]] });
  });

  it("folds the name to lower case", () => {
    expect(add(1, "X-C", "V").pairs).toEqual([["x-c", "V"]]);
  });

  it.each([":path", ":authority", "host"])("answers BadArgument to a second %s", (name) => {
    expect(add(0, name, "/b")).toEqual({ status: Status.BadArgument, pairs: requestHeaders });
  });

  it("puts a pseudo header that was missing to the front", () => {
    expect(add(0, ":scheme", "http").pairs![0]).toEqual([":scheme", "http"]);
  });

  it("answers BadArgument when the map has 1,024 fields", () => {
    const full = new Exchange({ requestHeaders: Array.from({ length: 1024 }, (_, i) => [`x-${i}`, ""] as const) });
    expect(run([call("proxy_add_header_map_value", 0, "x", "")], { stream: full }).status).toBe(Status.BadArgument);
  });
});
