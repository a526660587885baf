import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { call, run } from "./kit/guest.ts";
import { requestHeaders, stream } from "./kit/header-writes.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";
import { pairsOf } from "./kit/pairs.ts";
import { Exchange } from "./kit/exchange.ts";

const set = (mapType: number, bytes: Uint8Array, on = stream()) => {
  const outcome = run([call("proxy_set_header_map_pairs", mapType, bytes)], { stream: on });
  return { status: outcome.status, pairs: on.maps[mapType] };
};

const good = pairsOf([
  [":path", "/b"],
  ["x-c", "1"],
  ["x-c", ""],
]);

/** The good pairs with some bytes replaced. */
const with_ = (at: number, ...bytes: number[]): Uint8Array => {
  const changed = Uint8Array.from(good);
  changed.set(bytes, at);
  return changed;
};

describe("proxy_set_header_map_pairs", () => {
  itRefusesMisuse("proxy_set_header_map_pairs", [0, pairsOf([["x", "1"]])], { stream });

  it("replaces the whole map", () => {
    expect(set(0, good)).toEqual({
      status: Status.Ok,
      pairs: [
        [":path", "/b"],
        ["x-c", "1"],
        ["x-c", ""],
      ],
    });
  });

  it("puts pseudo headers first and takes host as :authority", () => {
    const bytes = pairsOf([
      ["X-C", "1"],
      ["host", "b.test"],
      [":path", "/b"],
    ]);
    expect(set(0, bytes).pairs).toEqual([
      [":authority", "b.test"],
      [":path", "/b"],
      ["x-c", "1"],
    ]);
  });

  it.each([
    { bytes: [], remark: "no bytes" },
    { bytes: [0, 0, 0, 0], remark: "a count of 0" },
    { bytes: [0], remark: "one NUL" },
  ])("empties the map for $remark", ({ bytes }) => {
    expect(set(0, Uint8Array.from(bytes))).toEqual({ status: Status.Ok, pairs: [] });
  });

  it.each([
    { bytes: good.subarray(0, good.length - 1), remark: "cut short" },
    { bytes: Buffer.concat([good, Buffer.from([0])]), remark: "too long" },
    { bytes: with_(0, 4), remark: "a count that is too high" },
    { bytes: with_(0, 2), remark: "a count that is too low" },
    { bytes: with_(0, 0xff, 0xff, 0xff, 0xff), remark: "a count of 2³²-1" },
    { bytes: with_(4, 0xff, 0xff, 0xff, 0xff), remark: "a length of 2³²-1" },
    { bytes: with_(4, 6), remark: "a length that misses its NUL" },
    { bytes: with_(good.length - 1, 1), remark: "a last byte that is no NUL" },
    { bytes: Uint8Array.from([1, 0]), remark: "less than a count" },
    { bytes: pairsOf(Array.from({ length: 1025 }, () => ["x", ""] as const)), remark: "1,025 pairs" },
    { bytes: pairsOf([["", "1"]]), remark: "an empty name" },
    { bytes: pairsOf([["x", "a\r\nb"]]), remark: "a line break in a value" },
    {
      bytes: pairsOf([
        ["x", "1"],
        [":path", "/"],
        [":path", "/"],
      ]),
      remark: "a pseudo header twice",
    },
    { bytes: pairsOf([[":status", "200"]]), remark: "a pseudo header of the other map" },
  ])("answers BadArgument to $remark and leaves the map", ({ bytes }) => {
    expect(set(0, bytes)).toEqual({ status: Status.BadArgument, pairs: requestHeaders });
  });

  it.each([3, 4, 8, -1])("answers BadArgument to map type %i", (mapType) => {
    expect(set(mapType, good).status).toBe(Status.BadArgument);
  });

  it("answers BadArgument for a map that may only be read", () => {
    expect(set(0, good, new Exchange({ requestHeaders, isReadOnly: true })).status).toBe(Status.BadArgument);
  });
});
