import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { call, OUT, run } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";
import { Exchange } from "./kit/exchange.ts";

const stream = () =>
  new Exchange({
    requestHeaders: [
      ["a", "1"],
      ["bc", "22"],
      ["a", ""],
    ],
    requestTrailers: [],
  });
const ask = (mapType: number) => run([call("proxy_get_header_map_size", mapType, OUT)], { stream: stream() });

describe("proxy_get_header_map_size", () => {
  itRefusesMisuse("proxy_get_header_map_size", [0, OUT], { stream });

  it.each([
    { mapType: 0, size: 7, remark: "names and values, duplicates too" },
    { mapType: 1, size: 0, remark: "an empty map" },
  ])("counts the bytes of $remark", ({ mapType, size }) => {
    expect(ask(mapType).u32(0)).toBe(size);
  });

  it.each([2, 4, 7, 8, -1])("answers BadArgument to map type %i and writes nothing", (mapType) => {
    const outcome = ask(mapType);
    expect([outcome.status, outcome.u32(0)]).toEqual([Status.BadArgument, null]);
  });
});
