import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { call, OUT, run, type Argument, type GuestOptions } from "./kit/guest.ts";
import { Exchange } from "./kit/exchange.ts";

const get = (mapType: number, key: string) => call("proxy_get_header_map_value", mapType, key, OUT, OUT);

const stream = () =>
  new Exchange({
    requestHeaders: [
      [":method", "GET"],
      [":authority", "a.test"],
      ["x-one", "1"],
      ["x-one", "2"],
      ["x-empty", ""],
      ["x-long", "v".repeat(1000)],
    ],
    responseHeaders: [[":status", "200"]],
  });

const ask = (mapType: number, key: string, options: GuestOptions = {}) =>
  run([get(mapType, key)], { stream: stream(), ...options });

describe("proxy_get_header_map_value", () => {
  it.each([
    { name: "x-one", value: "1", remark: "the first of several" },
    { name: "X-One", value: "1", remark: "in whatever case" },
    { name: ":method", value: "GET", remark: "a pseudo header" },
    { name: "host", value: "a.test", remark: "host, which is :authority" },
    { name: "x-long", value: "v".repeat(1000), remark: "a long one" },
  ])("gives the value of $name: $remark", ({ name, value }) => {
    const outcome = ask(0, name);
    expect(outcome.status).toBe(Status.Ok);
    expect(outcome.text(0)).toBe(value);
  });

  it("gives a fresh block of exactly the value's size on each call", () => {
    const outcome = run([get(0, "x-one"), get(0, "x-one")], { stream: stream() });
    expect([outcome.text(0), outcome.text(2)]).toEqual(["1", "1"]);
    expect(outcome.u32(0)).not.toBe(outcome.u32(2));
  });

  it("gives an empty value as address 0 and size 0 without asking the allocator", () => {
    const outcome = ask(0, "x-empty");
    expect([outcome.status, outcome.u32(0), outcome.u32(1)]).toEqual([Status.Ok, 0, 0]);
  });

  it("answers NotFound for an absent name and writes nothing", () => {
    const outcome = ask(0, "x-none");
    expect([outcome.status, outcome.u32(0)]).toEqual([Status.NotFound, null]);
  });

  it("gives an absent name as empty in ABI 0.1.0", () => {
    const outcome = ask(0, "x-none", { abi: "0_1_0" });
    expect([outcome.status, outcome.u32(0), outcome.u32(1)]).toEqual([Status.Ok, 0, 0]);
  });

  it.each([
    { mapType: 8, key: "x-one", status: Status.BadArgument, remark: "a map type that does not exist" },
    { mapType: -1, key: "x-one", status: Status.BadArgument, remark: "a negative map type" },
    { mapType: 3, key: "x-one", status: Status.BadArgument, remark: "a map that is not available" },
    { mapType: 6, key: "x-one", status: Status.BadArgument, remark: "a callout's map" },
    { mapType: 0, key: "", status: Status.BadArgument, remark: "an empty name" },
  ])("answers $status for $remark", ({ mapType, key, status }) => {
    expect(ask(mapType, key).status).toBe(status);
  });

  it.each<{ args: Argument[]; remark: string }>([
    { args: [0, 65_530, 10, OUT, OUT], remark: "a name past the end of memory" },
    { args: [0, -1, 5, OUT, OUT], remark: "a name at the end of the address space" },
    { args: [0, "x-one", 65_533, OUT], remark: "an out pointer past the end" },
    { args: [0, "x-one", OUT, -4], remark: "an out pointer at the end of the address space" },
  ])("answers InvalidMemoryAccess for $remark", ({ args }) => {
    expect(run([call("proxy_get_header_map_value", ...args)], { stream: stream() }).status).toBe(
      Status.InvalidMemoryAccess,
    );
  });

  it.each(["zero", "none", "outOfRange"] as const)(
    "answers InvalidMemoryAccess when the allocator is %s",
    (allocator) => {
      const outcome = ask(0, "x-long", { allocator });
      expect([outcome.status, outcome.u32(0)]).toEqual([Status.InvalidMemoryAccess, null]);
    },
  );

  it("answers BadArgument where there is no stream", () => {
    expect(ask(0, "x-one", { in: "proxy_on_tick" }).status).toBe(Status.BadArgument);
  });

  it("answers InternalFailure without the capability and says so once", () => {
    const outcome = run([get(0, "x-one"), get(0, "x-one")], { stream: stream(), capabilities: ["log"] });
    expect(outcome.statuses).toEqual([Status.InternalFailure, Status.InternalFailure]);
    expect(outcome.logs.map(({ message }) => message)).toEqual([
      "proxy_get_header_map_value was refused: the revision in slot slot has no grant for it; add to the revision: capabilities: [headers]",
    ]);
  });
});
