import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { call, run } from "./kit/guest.ts";
import { requestHeaders, stream } from "./kit/header-writes.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";
import { Exchange } from "./kit/exchange.ts";

const remove = (mapType: number, name: string, on = stream()) => {
  const outcome = run([call("proxy_remove_header_map_value", mapType, name)], { stream: on });
  return { status: outcome.status, pairs: on.maps[mapType] };
};

describe("proxy_remove_header_map_value", () => {
  itRefusesMisuse("proxy_remove_header_map_value", [0, "x-a"], { stream });

  it("removes every field of the name, in whatever case", () => {
    const { status, pairs } = remove(0, "X-a");
    expect([status, pairs!.map(([name]) => name)]).toEqual([Status.Ok, [":method", ":path", ":authority", "x-b"]]);
  });

  it("answers Ok when there is none", () => {
    expect(remove(0, "x-none")).toEqual({ status: Status.Ok, pairs: requestHeaders });
  });

  it("leaves an empty map when the last field goes", () => {
    expect(remove(2, "x", new Exchange({ responseHeaders: [["x", "1"]] }))).toEqual({
      status: Status.Ok,
      pairs: [],
    });
  });

  it("removes :authority by the name host", () => {
    expect(remove(0, "host").pairs!.map(([name]) => name)).not.toContain(":authority");
  });

  it.each(["", "x y", ":nothing", ":status", "x\r\n"])("answers BadArgument to the name %j", (name) => {
    expect(remove(0, name)).toEqual({ status: Status.BadArgument, pairs: requestHeaders });
  });

  it.each([3, 4, 8, -1])("answers BadArgument to map type %i", (mapType) => {
    expect(remove(mapType, "x").status).toBe(Status.BadArgument);
  });

  it("answers BadArgument for a map that may only be read", () => {
    expect(remove(0, "x-a", new Exchange({ requestHeaders, isReadOnly: true })).status).toBe(Status.BadArgument);
  });
});
