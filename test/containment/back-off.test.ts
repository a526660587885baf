// A filter that cannot be started again is tried less and less often, and says why meanwhile.
import { describe, expect, it } from "vitest";
import { chainOfOne, headOf, MemoryServices, RecordedExchange, takeStream, type Plugin } from "@sluice/abi";
import { guestPlugin } from "./guest-plugin.ts";

/** Starts once; its table cannot be put back, so each further instance is started, and each start asks shared data first. */
const STARTS_ONCE = `(module
  (import "env" "proxy_get_shared_data" (func $get (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_shared_data" (func $set (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1) (table 1 funcref) (data (i32.const 64) "k")
  (func (export "proxy_abi_version_0_2_1"))
  (func (export "proxy_on_memory_allocate") (param i32) (result i32) (i32.const 1024))
  (func (export "proxy_on_configure") (param i32 i32) (result i32)
    (table.set (i32.const 0) (ref.null func))
    (if (i32.eqz (call $get (i32.const 64) (i32.const 1) (i32.const 16) (i32.const 20) (i32.const 24)))
      (then (return (i32.eq (i32.load8_u (i32.load (i32.const 16))) (i32.const 111)))))
    (drop (call $set (i32.const 64) (i32.const 1) (i32.const 64) (i32.const 1) (i32.const 0)))
    (i32.const 1))
  (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (unreachable)))`;

const SECONDS_10 = 10 * 60 * 1_000;

describe.each(["stream", "shared"] as const)(
  "With isolation: %s, a plugin that cannot be started again",
  (isolation) => {
    it("is tried after a second at the most, then after twice as long, up to a minute, not in step", () => {
      const { services, ask } = started(isolation);
      const attempts: number[] = [];
      for (let nowMs = 0; nowMs < SECONDS_10; nowMs += 100) {
        const before = failures(services);
        ask();
        if (failures(services) > before) attempts.push(nowMs);
        services.clock.advance(100);
      }
      const waits = attempts.slice(1).map((at, i) => at - attempts[i]!);
      // Each wait is between half of its bound and the bound; the clock of this test steps by 100 ms.
      const bounds = [1, 2, 4, 8, 16, 32, 60, 60, 60].map((seconds) => seconds * 1_000);
      for (const [i, bound] of bounds.entries()) {
        expect(waits[i]).toBeGreaterThanOrEqual(bound / 2);
        expect(waits[i]).toBeLessThanOrEqual(bound + 100);
      }
      expect(new Set(waits.slice(6)).size).toBeGreaterThan(1);
    });

    it("shows why, and works again as soon as a start succeeds", () => {
      const { plugin, services, ask } = started(isolation);
      ask();
      ask();
      expect(plugin.failure).toContain("returned false from proxy_on_configure");
      services.sharedData.set("guest", Buffer.from("k"), Buffer.from("o"), 0);
      expect(ask()).toBe("limit");
      services.clock.advance(60_000);
      expect(ask()).toBe("trap");
      expect(plugin.failure).toBeNull();
    });
  },
);

interface Started {
  readonly plugin: Plugin;
  readonly services: MemoryServices;
  /** One stream; the cause of its failure. */
  readonly ask: () => string | undefined;
}

function started(isolation: "stream" | "shared"): Started {
  const services = new MemoryServices();
  const plugin = guestPlugin("guest", STARTS_ONCE, services, { isolation });
  plugin.start();
  const chain = chainOfOne(plugin);
  const ask = (): string | undefined => {
    const stream = takeStream();
    stream.open(
      chain,
      chain.all,
      new RecordedExchange(chain.all, new Map()),
      headOf([
        [":method", "GET"],
        [":path", "/"],
      ]),
    );
    stream.requestHeaders(true);
    stream.finish();
    stream.end();
    return stream.slotReport(0).error?.cause;
  };
  return { plugin, services, ask };
}

function failures(services: MemoryServices): number {
  return services.logs.filter(({ source, message }) => source === "host" && message.includes("returned false")).length;
}

describe("A filter that is started anew for every stream", () => {
  it("has less fuel for that than for its first start, so that no request waits long", () => {
    const text = (count: number): string => `(module (memory (export "memory") 1) (table 1 funcref)
      (func (export "proxy_abi_version_0_2_1"))
      (func (export "proxy_on_configure") (param i32 i32) (result i32) (local $i i32)
        (table.set (i32.const 0) (ref.null func)) (local.set $i (i32.const ${count}))
        (loop $l (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1))))) (i32.const 1)))`;
    const instanceOf = (count: number, isolation: "stream" | "shared"): { made: boolean; failure: string | null } => {
      const plugin = guestPlugin("guest", text(count), new MemoryServices(), { isolation });
      plugin.start();
      return { made: plugin.acquire() !== null, failure: plugin.failure };
    };
    expect(instanceOf(1_000, "stream")).toEqual({ made: true, failure: null });
    expect(instanceOf(20_000_000, "shared")).toEqual({ made: true, failure: null });
    const { made, failure } = instanceOf(20_000_000, "stream");
    expect([made, failure]).toEqual([false, expect.stringContaining("failed in proxy_on_configure: out of fuel")]);
  });
});
