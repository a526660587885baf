import { describe, expect, it } from "vitest";
import { GuestFailure, type Instance } from "@sluice/abi";
import { PlainStream } from "./kit/plain-stream.ts";
import { startPlugin } from "./kit/plugin.ts";

// Answers how many requests this instance has seen, in memory and in a global, so a leak of either shows.
const COUNTING = `(global $seen (mut i32) (i32.const 0))
  (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
    (if (i32.eq (local.get 1) (i32.const 7)) (then (unreachable)))
    (global.set $seen (i32.add (global.get $seen) (i32.const 1)))
    (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (i32.const 1)))
    (i32.add (global.get $seen) (i32.load (i32.const 8))))`;

/** Pauses unless it has one page and can have all that a revision gets by default. */
const GROWING = `(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
    (i32.ne (memory.grow (i32.const 255)) (i32.const 1)))`;

/** A guest with three full pages that runs `code` in its headers callback; its allocator gives a block in the last page. */
const writing = (code: string): string => `
  (import "env" "proxy_get_header_map_value" (func $header (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_header_map_pairs" (func $pairs (param i32 i32 i32) (result i32)))
  (import "env" "proxy_get_log_level" (func $level (param i32) (result i32)))
  (import "env" "proxy_get_current_time_nanoseconds" (func $time (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_get" (func $fdstat (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $environ (param i32 i32) (result i32)))
  (data $words "words")
  (func (export "proxy_on_memory_allocate") (param i32) (result i32) (i32.const 139260))
  (func (export "proxy_on_configure") (param i32 i32) (result i32)
    (drop (memory.grow (i32.const 2)))
    (memory.fill (i32.const 0) (i32.const 165) (i32.const 196608))
    (i32.store (i32.const 0) (i32.const 0x65792d78)) (i32.store16 (i32.const 4) (i32.const 0x73))
    (i32.const 1))
  (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) ${code} (i32.const 0))`;

const request = (instance: Instance, count = 1): number => {
  const id = instance.createStream(new PlainStream(), 0);
  return instance.requestHeaders(id, count, true);
};

describe("isolation: stream", () => {
  it("puts memory and globals back, so that a request sees nothing of the one before", () => {
    const { plugin } = startPlugin(COUNTING, { isolation: "stream" });
    for (let i = 0; i < 3; i++) {
      const instance = plugin.acquire()!;
      expect(request(instance)).toBe(2);
      plugin.release(instance);
    }
    expect(plugin.instancesLive).toBe(2);
  });

  it("gives a stream the memory to grow that the one before has used up", () => {
    const { plugin } = startPlugin(GROWING, { isolation: "stream" });
    for (let i = 0; i < 3; i++) {
      const instance = plugin.acquire()!;
      expect(request(instance)).toBe(0);
      plugin.release(instance);
    }
  });

  describe.each([
    ["i32.store", "(i32.store (i32.const 100) (i32.const -1))"],
    ["i32.store8", "(i32.store8 offset=70000 (i32.const 8) (i32.const -1))"],
    ["i32.store16, over the border of two blocks", "(i32.store16 (i32.const 4095) (i32.const -1))"],
    ["i64.store, over the border of two blocks", "(i64.store offset=4090 (i32.const 1) (i64.const -1))"],
    ["i64.store8", "(i64.store8 (i32.const 131072) (i64.const -1))"],
    ["i64.store16", "(i64.store16 (i32.const 140000) (i64.const -1))"],
    ["i64.store32", "(i64.store32 (i32.const 40000) (i64.const -1))"],
    ["f32.store", "(f32.store (i32.const 20000) (f32.const 1))"],
    ["f64.store, at the very end", "(f64.store (i32.const 196600) (f64.const 1))"],
    ["v128.store, over the border", "(v128.store (i32.const 8191) (v128.const i64x2 -1 -1))"],
    ["v128.store8_lane", "(v128.store8_lane 1 (i32.const 5000) (v128.const i64x2 -1 -1))"],
    ["v128.store16_lane", "(v128.store16_lane 1 (i32.const 5000) (v128.const i64x2 -1 -1))"],
    ["v128.store32_lane", "(v128.store32_lane 1 (i32.const 5000) (v128.const i64x2 -1 -1))"],
    ["v128.store64_lane", "(v128.store64_lane 1 (i32.const 5000) (v128.const i64x2 -1 -1))"],
    ["memory.fill", "(memory.fill (i32.const 4000) (i32.const 1) (i32.const 4096))"],
    ["a long memory.fill", "(memory.fill (i32.const 4000) (i32.const 1) (i32.const 100000))"],
    ["memory.copy", "(memory.copy (i32.const 90000) (i32.const 0) (i32.const 5000))"],
    ["memory.init", "(memory.init $words (i32.const 60000) (i32.const 0) (i32.const 5))"],
    [
      "a header's value",
      `(drop (call $header ${"(i32.const 0) (i32.const 0) (i32.const 5) (i32.const 77000) (i32.const 77004)"}))`,
    ],
    ["a header map", "(drop (call $pairs (i32.const 0) (i32.const 77000) (i32.const 90000)))"],
    ["a number", "(drop (call $level (i32.const 90000)))"],
    ["a time", "(drop (call $time (i32.const 4092)))"],
    ["random bytes", "(drop (call $random (i32.const 4000) (i32.const 200)))"],
    ["the state of a file", "(drop (call $fdstat (i32.const 1) (i32.const 53240)))"],
    ["environment variables", "(drop (call $environ (i32.const 50000) (i32.const 80000)))"],
    ["what is done before a trap", "(i32.store (i32.const 9000) (i32.const -1)) (unreachable)"],
  ])("puts back what was written by %s", (_name, code) => {
    it("and nothing else needs to be", () => {
      const { plugin } = startPlugin(writing(code), { isolation: "stream", environment: { NAME: "value" } });
      const start = plugin.image()!;
      const instance = plugin.acquire()!;
      const stream = new PlainStream({ requestHeaders: [["x-yes", "a value of a header"]] });
      try {
        instance.requestHeaders(instance.createStream(stream, 0), 0, true);
      } catch (failure) {
        expect(failure).toBeInstanceOf(GuestFailure);
      }
      expect(Buffer.compare(instance.takeImage().bytes, start.bytes)).not.toBe(0);
      plugin.release(instance);
      expect(plugin.acquire()).toBe(instance);
      expect(Buffer.compare(instance.takeImage().bytes, start.bytes)).toBe(0);
    });
  });

  const creating = (code: string): string => `
    (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
    (func (export "proxy_on_context_create") (param i32 i32)
      (if (local.get 1) (then (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (local.get 0))) ${code})))
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (i32.load (i32.const 8)))`;

  it("makes a stream's context ahead when that asks the host nothing", () => {
    const { plugin } = startPlugin(creating(""), { isolation: "stream" });
    for (let i = 0; i < 3; i++) {
      const instance = plugin.acquire()!;
      const id = instance.createStream(new PlainStream(), 0);
      expect([id, instance.fuelUsed, instance.requestHeaders(id, 0, true)]).toEqual([2, 0, 2]);
      plugin.release(instance);
    }
  });

  it("makes it for each stream when it does", () => {
    const { plugin, services } = startPlugin(creating("(drop (call $log (i32.const 2) (i32.const 0) (i32.const 0)))"), {
      isolation: "stream",
    });
    expect(services.logs.length).toBe(0);
    for (let i = 0; i < 3; i++) {
      const instance = plugin.acquire()!;
      expect(request(instance)).toBe(2);
      plugin.release(instance);
    }
    expect(services.logs.length).toBe(3);
  });

  it("gives each stream the same context id", () => {
    const { plugin } = startPlugin("", { isolation: "stream" });
    const ids = [0, 1].map(() => {
      const instance = plugin.acquire()!;
      const id = instance.createStream(new PlainStream(), 0);
      plugin.release(instance);
      return id;
    });
    expect(ids).toEqual([2, 2]);
  });

  it("makes an instance that failed whole again for the next stream", () => {
    const { plugin } = startPlugin(COUNTING, { isolation: "stream" });
    const instance = plugin.acquire()!;
    expect(() => request(instance, 7)).toThrow(GuestFailure);
    plugin.release(instance);
    expect(request(plugin.acquire()!)).toBe(2);
  });

  it("lends 1,024 instances and then none", () => {
    const { plugin } = startPlugin("", { isolation: "stream" });
    const lent = Array.from({ length: 1_024 }, () => plugin.acquire());
    expect(lent).not.toContain(null);
    expect([plugin.acquire(), plugin.failure]).toEqual([null, null]);
    plugin.release(lent[0]!);
    expect(plugin.acquire()).toBe(lent[0]);
  });

  it("remakes the instances of a module that changes its tables", () => {
    const { plugin } = startPlugin(
      `(table 1 funcref) (elem declare func $f) (func $f)
       (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
         (table.set (i32.const 0) (ref.func $f)) (i32.const 0))`,
      { isolation: "stream" },
    );
    const first = plugin.acquire()!;
    request(first);
    plugin.release(first);
    expect(plugin.acquire()).not.toBe(first);
    expect(plugin.instancesLive).toBe(2);
  });

  it("starts streams from what the root's ticks have made of the state", () => {
    const { plugin, services } = startPlugin(
      `(import "env" "proxy_set_tick_period_milliseconds" (func $period (param i32) (result i32)))
       (func (export "proxy_on_configure") (param i32 i32) (result i32) (drop (call $period (i32.const 100))) (i32.const 1))
       (func (export "proxy_on_tick") (param i32) (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (i32.const 1))))
       (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (i32.load (i32.const 8)))`,
      { isolation: "stream", capabilities: ["timer"] },
    );
    const before = plugin.acquire()!;
    expect(request(before)).toBe(0);
    plugin.release(before);
    services.clock.advance(250);
    expect(request(plugin.acquire()!)).toBe(2);
  });
});

describe("isolation: shared", () => {
  it("keeps the state of one instance over all streams", () => {
    const { plugin } = startPlugin(COUNTING);
    expect([request(plugin.acquire()!), request(plugin.acquire()!)]).toEqual([2, 4]);
    expect(plugin.instancesLive).toBe(1);
  });

  it("starts again from the state after configure when the instance has failed", () => {
    const { plugin } = startPlugin(COUNTING);
    request(plugin.acquire()!);
    expect(() => request(plugin.acquire()!, 7)).toThrow(GuestFailure);
    expect(request(plugin.acquire()!)).toBe(2);
    expect(plugin.instancesLive).toBe(1);
  });
});
