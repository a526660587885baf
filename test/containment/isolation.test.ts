// Nothing of one stream can be read in another's: whatever a stream did to its instance, the next one looks at all the state
// there is and sees what a first stream sees.
import { array, assert, boolean, constantFrom, nat, property, record } from "fast-check";
import { describe, expect, it } from "vitest";
import { chainOfOne, headOf, inspect, MemoryServices, RecordedExchange, takeStream, type Plugin } from "@sluice/abi";
import { guestPlugin, moduleOf } from "./guest-plugin.ts";

/** What a stream does, from an address and a value. */
const CHANGES: Readonly<Record<string, (at: number, value: number) => string>> = {
  "i32.store": (at, value) => `(i32.store (i32.const ${at}) (i32.const ${value}))`,
  "i64.store": (at, value) => `(i64.store offset=3 (i32.const ${at}) (i64.const ${value}))`,
  "i32.store8": (at, value) => `(i32.store8 offset=65536 (i32.const ${at}) (i32.const ${value}))`,
  "f64.store": (at, value) => `(f64.store (i32.const ${at}) (f64.const ${value}))`,
  "v128.store": (at, value) => `(v128.store (i32.const ${at}) (v128.const i32x4 ${value} 1 2 3))`,
  "memory.fill": (at, value) => `(memory.fill (i32.const ${at}) (i32.const ${value}) (i32.const ${value & 0x3fff}))`,
  "memory.copy": (at, value) => `(memory.copy (i32.const ${at}) (i32.const 0) (i32.const ${value & 0x3fff}))`,
  "memory.grow": () => "(drop (memory.grow (i32.const 1)))",
  "memory.grow, and a store in what grew": (_at, value) =>
    `(drop (memory.grow (i32.const 1))) (i32.store (i32.const 200000) (i32.const ${value}))`,
  "global.set i32": (_at, value) => `(global.set $number (i32.const ${value}))`,
  "global.set i64": (_at, value) => `(global.set $long (i64.const ${value}))`,
  "global.set f64": (_at, value) => `(global.set $ratio (f64.const ${value}))`,
  "a header's value": (at) =>
    `(drop (call $header (i32.const 0) (i32.const 64) (i32.const 8) (i32.const ${at}) (i32.const ${at + 4})))`,
  "a header map": (at) => `(drop (call $pairs (i32.const 0) (i32.const ${at}) (i32.const ${at + 4})))`,
  "random bytes": (at, value) => `(drop (call $random (i32.const ${at}) (i32.const ${value & 0xff})))`,
  "memory.init": (at) => `(memory.init $text (i32.const ${at}) (i32.const 0) (i32.const 16))`,
};

/** The same of what no image puts back. */
const LASTING: Readonly<Record<string, (at: number, value: number) => string>> = {
  "table.set": (at) => `(table.set $t (i32.const ${at % 8}) (ref.func $secret))`,
  "table.grow": () => "(drop (table.grow $t (ref.func $secret) (i32.const 2)))",
  "table.fill": () => "(table.fill $t (i32.const 2) (ref.func $secret) (i32.const 3))",
  "table.copy": () => "(table.copy $t $t (i32.const 4) (i32.const 0) (i32.const 2))",
  "table.init": () => "(table.init $t $functions (i32.const 3) (i32.const 0) (i32.const 2))",
  "elem.drop": () => "(elem.drop $functions)",
  "data.drop": () => "(data.drop $text)",
  "global.set funcref": () => "(global.set $kept (ref.func $secret))",
};

/** Logs all state: a sum of memory, sizes, globals. */
const LOOK = `(local.set $at (i32.const 256))
  (loop $l (local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 31)) (i64.load (local.get $at))))
    (br_if $l (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8))) (i32.mul (memory.size) (i32.const 65536)))))
  (i64.store (i32.const 128) (local.get $sum))
  (i32.store (i32.const 136) (memory.size))
  (i32.store (i32.const 140) (global.get $number))
  (i64.store (i32.const 144) (global.get $long))
  (f64.store (i32.const 152) (global.get $ratio))`;

/** The same of tables and segments; one that was dropped traps. */
const LOOK_AT_LASTING = `(i32.store (i32.const 160) (table.size $t))
  (local.set $at (i32.const 0))
  (loop $l (if (i32.eqz (ref.is_null (table.get $t (local.get $at))))
      (then (i32.store offset=164 (i32.shl (local.get $at) (i32.const 2)) (call_indirect $t (result i32) (local.get $at)))))
    (br_if $l (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (table.size $t))))
  (i32.store (i32.const 240) (ref.is_null (global.get $kept)))
  (memory.init $text (i32.const 244) (i32.const 0) (i32.const 4))
  (table.init $t $functions (i32.const 0) (i32.const 0) (i32.const 2))`;

function textOf(changes: readonly string[], isLasting: boolean, traps: boolean): string {
  const lasting = `(table $t 8 16 funcref) (elem (i32.const 0) $plain) (elem $functions func $plain $secret)
    (global $kept (mut funcref) (ref.null func))
    (func $plain (result i32) (i32.const 1)) (func $secret (result i32) (i32.const 42))`;
  return `(module
    (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
    (import "env" "proxy_get_header_map_value" (func $header (param i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_get_header_map_pairs" (func $pairs (param i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (memory (export "memory") 3)
    (data (i32.const 64) "x-secret") (data $text "0123456789abcdef")
    (global $number (mut i32) (i32.const 1)) (global $long (mut i64) (i64.const 2)) (global $ratio (mut f64) (f64.const 3))
    ${isLasting ? lasting : ""}
    (global $free (mut i32) (i32.const 100000))
    (func (export "proxy_abi_version_0_2_1"))
    (func (export "proxy_on_memory_allocate") (param $size i32) (result i32)
      (global.get $free) (global.set $free (i32.add (global.get $free) (local.get $size))))
    (func (export "proxy_on_configure") (param i32 i32) (result i32)
      (i32.store (i32.const 3000) (i32.const 77)) (global.set $number (i32.const 9)) (i32.const 1))
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (local $at i32) (local $sum i64)
      (if (i32.eq (local.get 1) (i32.const 5)) (then ${changes.join("\n")} ${traps ? "(unreachable)" : ""} (return (i32.const 0))))
      ${LOOK} ${isLasting ? LOOK_AT_LASTING : ""}
      (drop (call $log (i32.const 2) (i32.const 128) (i32.const 120))) (i32.const 0)))`;
}

/** One stream from its head to its end; five headers ask for the changes. Its fuel. */
function play(plugin: Plugin, headers: number): number {
  const chain = chainOfOne(plugin);
  const stream = takeStream();
  const names = [":method", ":path", ":authority", ":scheme", "x-secret"].slice(0, headers);
  const values = ["GET", "/", "a.test", "http", "a secret value"];
  stream.open(
    chain,
    chain.all,
    new RecordedExchange(chain.all, new Map()),
    headOf(names.map((name, i) => [name, values[i]!])),
  );
  stream.requestHeaders(true);
  stream.finish();
  stream.end();
  return stream.slotReport(0).fuel;
}

/** What the next stream sees, or that it cannot look, and the fuel it takes. */
function look(plugin: Plugin, services: MemoryServices): string {
  services.logs.length = 0;
  const fuel = play(plugin, 4);
  return services.logs.map(({ source, message }) => `${source} ${message} ${fuel}`).join("\n");
}

function seenAfter(text: string, streams: number): string {
  const services = new MemoryServices();
  const plugin = guestPlugin("guest", text, services);
  plugin.start();
  for (let i = 0; i < streams; i++) play(plugin, 5);
  const seen = look(plugin, services);
  plugin.close();
  return seen;
}

function holdsFor(kinds: Readonly<Record<string, (at: number, value: number) => string>>, isLasting: boolean): void {
  const change = record({ kind: constantFrom(...Object.keys(kinds)), at: nat(90_000), value: nat(0xffff) });
  assert(
    property(array(change, { minLength: 1, maxLength: 6 }), boolean(), nat(2), (changes, traps, more) => {
      const code = changes.map(({ kind, at, value }) => kinds[kind]!(512 + at, value));
      const text = textOf(code, isLasting, traps);
      const first = seenAfter(text, 0);
      expect(first).toMatch(/^guest /);
      expect(seenAfter(text, 1 + more)).toBe(first);
    }),
    { numRuns: 60 },
  );
}

describe("A stream", () => {
  it("sees nothing of what streams before it did to memory and globals, which are put back, and spends the same", () => {
    holdsFor(CHANGES, false);
  });

  it("sees nothing of what streams before it did to tables and segments, for its instance is made anew", () => {
    holdsFor({ ...CHANGES, ...LASTING }, true);
  });

  it.each(Object.entries(LASTING))("is told at inspection that %s cannot be put back", (_name, change) => {
    const result = inspect(moduleOf(textOf([change(0, 0)], true, false)));
    expect(result).toMatchObject({ ok: true, inspection: { resettable: false } });
  });

  it("is told at inspection that memory and globals can", () => {
    const code = Object.values(CHANGES).map((change) => change(512, 1));
    expect(inspect(moduleOf(textOf(code, false, false)))).toMatchObject({ ok: true, inspection: { resettable: true } });
  });
});
