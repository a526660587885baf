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
    (drop (memory.grow (i32.const 1)))
    (i32.store (i32.const 65540) (i32.const 9))
    (i32.add (global.get $seen) (i32.load (i32.const 8))))
  (func (export "proxy_on_request_trailers") (param i32 i32) (result i32)
    (i32.load (i32.const 65540)))`;

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

  it("zeroes memory that grew", () => {
    const { plugin } = startPlugin(COUNTING, { isolation: "stream" });
    const instance = plugin.acquire()!;
    request(instance);
    plugin.release(instance);
    expect(plugin.acquire()).toBe(instance);
    expect(instance.requestTrailers(instance.createStream(new PlainStream(), 0), 0)).toBe(0);
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
