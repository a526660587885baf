import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { call, OUT, run } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";
import { Exchange } from "./kit/exchange.ts";

const stream = () =>
  new Exchange({
    requestHeaders: [
      ["a", "1"],
      ["b", "22"],
    ],
    requestTrailers: [],
    responseHeaders: [["a", ""]],
  });
const ask = (mapType: number) => run([call("proxy_get_header_map_pairs", mapType, OUT, OUT)], { stream: stream() });

describe("proxy_get_header_map_pairs", () => {
  itRefusesMisuse("proxy_get_header_map_pairs", [0, OUT, OUT], { stream });

  it("gives count, lengths, and names and values each closed by NUL", () => {
    const expected = "02000000 01000000 01000000 01000000 02000000 6100 3100 6200 323200";
    expect(Buffer.from(ask(0).bytes(0)).toString("hex")).toBe(expected.replaceAll(" ", ""));
  });

  it("gives an empty value as no bytes between two NULs", () => {
    expect(Buffer.from(ask(2).bytes(0)).toString("hex")).toBe("010000000100000000000000610000");
  });

  it.each([
    { mapType: 1, remark: "an empty map" },
    { mapType: 3, remark: "a map that is not available" },
    { mapType: 6, remark: "a callout's map" },
  ])("gives $remark as address 0 and size 0", ({ mapType }) => {
    const outcome = ask(mapType);
    expect([outcome.status, outcome.u32(0), outcome.u32(1)]).toEqual([Status.Ok, 0, 0]);
  });

  it.each([8, -1])("answers BadArgument to map type %i", (mapType) => {
    expect(ask(mapType).status).toBe(Status.BadArgument);
  });

  it("gives 0 and 0 where there is no stream", () => {
    const outcome = run([call("proxy_get_header_map_pairs", 0, OUT, OUT)], { in: "proxy_on_configure" });
    expect([outcome.status, outcome.u32(0), outcome.u32(1)]).toEqual([Status.Ok, 0, 0]);
  });
});
