import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { call, run, startGuest } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";

// Logs one letter a tick; `first` and `then` are periods set at configure and in the first tick.
const ticking = (first: number, inTick = "") => `
  (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
  (import "env" "proxy_set_tick_period_milliseconds" (func $period (param i32) (result i32)))
  (data (i32.const 64) "t")
  (func (export "proxy_on_configure") (param i32 i32) (result i32) (drop (call $period (i32.const ${first}))) (i32.const 1))
  (func (export "proxy_on_tick") (param i32) (drop (call $log (i32.const 2) (i32.const 64) (i32.const 1))) ${inTick})`;

const CAPABILITIES = { capabilities: ["log", "timer"] } as const;

describe("proxy_set_tick_period_milliseconds", () => {
  itRefusesMisuse("proxy_set_tick_period_milliseconds", [100], { capabilities: ["timer"] });

  it("ticks the root once a period", () => {
    const guest = startGuest(ticking(100), CAPABILITIES);
    guest.advance(99);
    expect(guest.logs.length).toBe(0);
    guest.advance(201);
    expect(guest.logs.map(({ contextId }) => contextId)).toEqual([1, 1, 1]);
  });

  it("stops with 0", () => {
    const guest = startGuest(ticking(100, "(drop (call $period (i32.const 0)))"), CAPABILITIES);
    guest.advance(1000);
    expect(guest.logs.length).toBe(1);
  });

  it("replaces the period from the next tick on", () => {
    const guest = startGuest(ticking(100, "(drop (call $period (i32.const 500)))"), CAPABILITIES);
    guest.advance(1100);
    expect(guest.logs.length).toBe(3);
  });

  it("never ticks more often than every 10 ms", () => {
    const guest = startGuest(ticking(1), CAPABILITIES);
    guest.advance(100);
    expect(guest.logs.length).toBe(10);
  });

  it("waits the longer for the next tick the more one has spent", () => {
    const guest = startGuest(ticking(10, "(loop $forever (br $forever))"), CAPABILITIES);
    guest.advance(9 + 5 * 100);
    expect(guest.logs.filter(({ source }) => source === "guest").length).toBe(5);
  });

  it("takes a period that no timer can wait for as the longest", () => {
    const guest = startGuest(ticking(-1), CAPABILITIES);
    guest.advance(2 ** 31 - 2);
    expect(guest.logs).toEqual([]);
    guest.advance(1);
    expect(guest.logs.length).toBe(1);
  });

  it("goes on ticking after a tick that traps, and says so", () => {
    const guest = startGuest(ticking(100, "(unreachable)"), CAPABILITIES);
    guest.advance(200);
    expect(guest.logs.map(({ message }) => message.split(":")[0])).toEqual([
      "t",
      "fixture (slot slot) failed in proxy_on_tick",
      "t",
      "fixture (slot slot) failed in proxy_on_tick",
    ]);
  });

  it("is refused in a check", () => {
    const outcome = run([call("proxy_set_tick_period_milliseconds", 100)], {
      in: "policy_on_check",
      capabilities: ["timer"],
    });
    expect(outcome.status).toBe(Status.InternalFailure);
  });
});
