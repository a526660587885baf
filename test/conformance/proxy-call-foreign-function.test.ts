import { deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { DEFAULT_CAPABILITIES, POLICY_HOSTCALLS, ReportType, Status } from "@sluice/abi/spec";
import { Exchange } from "./kit/exchange.ts";
import { call, OUT, run, startGuest, type GuestOptions } from "./kit/guest.ts";
import { ROOT_CONTEXT } from "./kit/host.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";
import { pairsOf } from "./kit/pairs.ts";

const foreign = { capabilities: [...DEFAULT_CAPABILITIES, "foreign"] } as const;
const invoke = (name: string, args: string | Uint8Array = "") =>
  call("proxy_call_foreign_function", name, args, OUT, OUT);

/** Numbers as 4 bytes, texts behind their length but for the last. */
function encoded(...values: (number | string | Uint8Array)[]): Uint8Array {
  return Buffer.concat(
    values.flatMap((value, i) => {
      const word = Buffer.alloc(4);
      word.writeUInt32LE(typeof value === "number" ? value : Buffer.byteLength(value));
      if (typeof value === "number") return [word];
      return i === values.length - 1 ? [Buffer.from(value)] : [word, Buffer.from(value)];
    }),
  );
}

// What the functions themselves do is tested in abi/foreign.
describe("proxy_call_foreign_function", () => {
  itRefusesMisuse("proxy_call_foreign_function", ["compress", "text", OUT, OUT], foreign);

  it("gives a result that is the guest's, and 0 and 0 where there is none", () => {
    const outcome = run([invoke("uncompress", deflateSync("text")), invoke("clear_route_cache")], foreign);
    expect([outcome.statuses, outcome.text(0)]).toEqual([[Status.Ok, Status.Ok], "text"]);
    expect([outcome.u32(2), outcome.u32(3)]).toEqual([0, 0]);
  });

  it.each([
    { name: "nothing", args: "", status: Status.NotFound },
    { name: "expr_create", args: "1 + 1", status: Status.NotFound },
    { name: "sluice.nothing", args: "", status: Status.NotFound },
    { name: "n".repeat(200), args: "", status: Status.NotFound },
    { name: "", args: "", status: Status.NotFound },
    { name: "uncompress", args: "text", status: Status.SerializationFailure },
    { name: "declare_property", args: "", status: Status.BadArgument },
  ])("answers $status to $name, and writes nothing", ({ name, args, status }) => {
    const outcome = run([invoke(name, args)], foreign);
    expect([outcome.status, outcome.u32(0), outcome.u32(1)]).toEqual([status, null, null]);
  });

  it("takes an out pointer of 0 for one that is not wanted", () => {
    const args = ["uncompress", deflateSync("text")] as const;
    const outcome = run(
      [
        call("proxy_call_foreign_function", ...args, 0, 0),
        call("proxy_call_foreign_function", ...args, OUT, 0),
        call("proxy_call_foreign_function", ...args, 0, OUT),
      ],
      foreign,
    );
    const block = outcome.u32(0)!;
    expect([outcome.statuses, outcome.u32(1)]).toEqual([[0, 0, 0], 4]);
    expect(Buffer.from(outcome.memory.slice(block, block + 4)).toString()).toBe("text");
  });

  it("costs fuel by length", () => {
    const data = [[40_000, "compress"]] as const;
    const long = call("proxy_call_foreign_function", 40_000, 8, 0, 32_768, OUT, OUT);
    const limits = { memoryBytes: 16 * 1024 * 1024, fuel: 100_000, depth: 1024 };
    expect(() => run([long], { ...foreign, data, settings: { limits } })).toThrow();
    expect(run([long], { ...foreign, data }).status).toBe(Status.Ok);
  });

  it("lets a property that was declared read-only be set once in a stream", () => {
    const declare = invoke("declare_property", Buffer.from([0x0a, 4, ...Buffer.from("mine"), 0x10, 1]));
    const set = (value: string) => call("proxy_set_property", "mine", value);
    const outcome = run([declare, set("first"), set("second")], foreign);
    expect(outcome.statuses).toEqual([Status.Ok, Status.Ok, Status.BadArgument]);
    expect(Buffer.from(outcome.stream.properties.get("mine")!).toString()).toBe("first");
  });

  it("keeps Envoy's filter state as a property that later filters read", () => {
    const args = Buffer.from([0x0a, 1, 0x6b, 0x12, 1, 0x76]);
    const outcome = run([invoke("set_envoy_filter_state", args), call("proxy_get_property", "filter_state\0k", OUT, OUT)], foreign); // prettier-ignore
    expect([outcome.statuses, outcome.text(2)]).toEqual([[Status.Ok, Status.Ok], "v"]);
    expect(run([invoke("set_envoy_filter_state", args)], { ...foreign, in: "proxy_on_tick" }).status).toBe(
      Status.InternalFailure,
    );
  });
});

describe("the policy hostcalls as sluice.<name>", () => {
  const exchange = (): Exchange =>
    new Exchange({
      requestHeaders: [
        ["x-role", "admin"],
        ["x-role", "user"],
      ],
      properties: { "request\0path": Buffer.from("/users"), "request\0size": Buffer.from([7, 0, 0, 0, 0, 0, 0, 0]) },
    });
  const outcomeOf = (calls: Parameters<typeof run>[0], options: GuestOptions = {}) =>
    run(calls, { ...foreign, in: "policy_on_check", stream: exchange(), ...options });

  it("answer as the imports do: texts as they are, numbers little endian", () => {
    const outcome = outcomeOf([
      invoke("sluice.policy_attribute", "request.headers[x-role]"),
      invoke("sluice.policy_attribute", "request.size"),
      invoke("sluice.policy_get", encoded(1)),
      invoke("sluice.policy_get_values", encoded(1)),
      invoke("sluice.policy_get_i64", encoded(2)),
      invoke("sluice.policy_get", encoded(9)),
      invoke("sluice.policy_attribute", "no.such"),
    ]);
    expect(outcome.statuses).toEqual([0, 0, 0, 0, 0, Status.BadArgument, Status.NotFound]);
    expect([outcome.bytes(0), outcome.bytes(2)]).toEqual(
      [encoded(1), encoded(2)].map((bytes) => new Uint8Array(bytes)),
    );
    expect([outcome.text(4), outcome.bytes(6).length]).toEqual(["admin", 4 + 2 * 8 + 5 + 4 + 4]);
    expect(Buffer.from(outcome.bytes(8)).readBigInt64LE()).toBe(7n);
  });

  it("have the effects of the imports", () => {
    const outcome = outcomeOf([
      invoke("sluice.policy_set_verdict", encoded(7, "rule-1")),
      invoke("sluice.policy_set_response", encoded(403, pairsOf([["x-a", "1"]]), "no")),
      invoke("sluice.policy_report", encoded("key", ReportType.String, "value")),
    ]);
    expect(outcome.statuses).toEqual([0, 0, 0]);
    expect(outcome.stream.verdict).toEqual({ code: 7, reason: "rule-1" });
    expect(outcome.stream.response).toMatchObject({ status: 403, headers: [["x-a", "1"]] });
    expect(outcome.stream.reports).toEqual([["key", 0, new Uint8Array(Buffer.from("value"))]]);
  });

  it("take places in a quota and copies of requests by their own grants", () => {
    const settings = { quotas: [{ name: "q", windows: [{ count: 3, perMs: 1000, burst: 3 }] }] };
    const calls = [
      invoke("sluice.policy_quota", encoded("q", "key", 2, 0)),
      invoke("sluice.policy_mirror", encoded("cluster", 1)),
    ];
    const granted = outcomeOf(calls, { settings, capabilities: [...foreign.capabilities, "callout"] });
    expect([granted.statuses, granted.stream.mirrors]).toEqual([[0, 0], [["cluster", 1]]]);
    expect(granted.bytes(0)).toEqual(new Uint8Array(encoded(2, 0)));
    const refused = outcomeOf(calls, { settings });
    expect([refused.statuses[1], refused.logs.at(-1)!.message]).toEqual([
      Status.InternalFailure,
      expect.stringContaining("capabilities: [callout]"),
    ]);
  });

  it("make tables at configure", () => {
    const table = encoded(0, pairsOf([["a", "1"]]));
    const outcome = run([invoke("sluice.policy_matcher", table)], { ...foreign, in: "proxy_on_configure" });
    expect([outcome.status, outcome.bytes(0)]).toEqual([Status.Ok, new Uint8Array(encoded(1))]);
  });

  it.each(
    POLICY_HOSTCALLS.map(({ name, params }) => ({ name, takes: params.some(({ type }) => !type.startsWith("out")) })),
  )("$name is there, and answers BadArgument to bytes that are too few or too many", ({ name }) => {
    const { statuses } = outcomeOf(
      ["\u0001", "\u0001\u0002\u0003"].map((args) => invoke(`sluice.${name}`, args)),
      { capabilities: [...foreign.capabilities, "callout"] },
    );
    // A lone text takes any bytes; it then names no attribute.
    const expected = name === "policy_attribute" ? Status.NotFound : Status.BadArgument;
    expect(statuses).toEqual([expected, expected]);
  });

  it("answer InvalidMemoryAccess where the guest has no block for a result, and BadArgument to a text nobody wants", () => {
    const attribute = invoke("sluice.policy_attribute", "request.path");
    expect(outcomeOf([attribute], { allocator: "zero" }).status).toBe(Status.InvalidMemoryAccess);
    const unwanted = call("proxy_call_foreign_function", "sluice.policy_get", encoded(1), 0, 0);
    expect(outcomeOf([attribute, unwanted]).statuses).toEqual([Status.Ok, Status.BadArgument]);
  });
});

describe("proxy_on_foreign_function", () => {
  it("is called with the function's number and finds its arguments in buffer 8, there and nowhere else", () => {
    const guest = startGuest(
      `(import "env" "proxy_get_buffer_bytes" (func $read (param i32 i32 i32 i32 i32) (result i32)))
       (global $next (mut i32) (i32.const 32768))
       (func (export "proxy_on_memory_allocate") (param $size i32) (result i32)
         (global.set $next (i32.add (global.get $next) (local.get $size)))
         (i32.sub (global.get $next) (local.get $size)))
       (func $keep (param $at i32)
         (i32.store (local.get $at)
           (call $read (i32.const 8) (i32.const 1) (i32.const -1) (i32.const 16) (i32.const 20))))
       (func (export "proxy_on_foreign_function") (param $context i32) (param $function i32) (param $size i32)
         (i32.store (i32.const 24) (local.get $function))
         (i32.store (i32.const 28) (local.get $size))
         (call $keep (i32.const 32)))
       (func (export "proxy_on_tick") (param i32) (call $keep (i32.const 36)))`,
    );
    guest.call("proxy_on_foreign_function", ROOT_CONTEXT, 77, 9);
    const words = (): number[] => [24, 28, 32].map((at) => Buffer.from(guest.memory()).readUInt32LE(at));
    expect(words()).toEqual([77, 9, Status.Ok]);
    expect(Buffer.from(guest.memory()).readUInt32LE(20)).toBe(8);
    guest.call("proxy_on_tick", ROOT_CONTEXT);
    expect(Buffer.from(guest.memory()).readUInt32LE(36)).toBe(Status.NotFound);
  });
});
