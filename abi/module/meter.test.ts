import { describe, expect, it } from "vitest";
import { meterHandles, type MeterHandles } from "./fixtures/meter-handles.ts";
import { filter, wat } from "./fixtures/wat.ts";
import { meter, type MeteredModule, type MeterOptions } from "./meter.ts";

const OPTIONS = { memoryPagesMax: 16, tableEntriesMax: 100 };
const FUEL = 1_000_000;
const DEPTH = 1_024;

type Guest = Record<string, (...args: (number | bigint)[]) => number | bigint | (number | bigint)[]>;

interface Running {
  readonly metered: MeteredModule;
  readonly call: Guest;
  readonly memory: WebAssembly.Memory;
  readonly handles: MeterHandles;
}

const IMPORTS = { env: { proxy_done: () => 0 }, sluice: {} };

function run(bytes: Uint8Array): Running {
  return runWith(bytes, OPTIONS);
}

function runWith(bytes: Uint8Array, options: MeterOptions): Running {
  const metered = meter(bytes, options);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(metered.bytes), IMPORTS);
  return {
    metered,
    call: exports as unknown as Guest,
    memory: exports["memory"] as WebAssembly.Memory,
    handles: meterHandles(exports, metered),
  };
}

/** Calls with a fresh budget; answers what it used. */
function spend(
  { call, handles }: Running,
  name: string,
  ...args: (number | bigint)[]
): { result: unknown; spent: number } {
  handles.fuel = FUEL;
  handles.depth = DEPTH;
  const result = call[name]!(...args);
  return { result, spent: FUEL - handles.fuel };
}

function trapOf(guest: Running, name: string, ...args: number[]): { fuel: number; depth: number } {
  expect(() => spend(guest, name, ...args)).toThrow(WebAssembly.RuntimeError);
  return { fuel: guest.handles.fuel, depth: guest.handles.depth };
}

const FIB = `(func $fib (export "fib") (param i32) (result i32)
  (if (i32.lt_s (local.get 0) (i32.const 2)) (then (return (local.get 0))))
  (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2)))))`;

const SUM = `(func (export "sum") (param i32) (result i32) (local i32)
  (loop $again (local.set 1 (i32.add (local.get 1) (local.get 0)))
    (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
  (local.get 1))`;

describe("meter", () => {
  it("charges a function's entry and each turn of its loop", () => {
    const guest = run(filter(SUM));
    const turns = [1, 2, 1000].map((n) => spend(guest, "sum", n));
    expect(turns.map(({ result }) => result)).toEqual([1, 3, 500_500]);
    // local.get outside, nine instructions inside; what only marks blocks costs nothing.
    expect(turns.map(({ spent }) => spent)).toEqual([1 + 9, 1 + 18, 1 + 9000]);
  });

  it("spends exactly the same fuel on every run", () => {
    const spent = [1, 2, 3].map(() => spend(run(filter(FIB)), "fib", 15));
    expect(new Set(spent.map((each) => each.spent)).size).toBe(1);
    expect(spent[0]!.result).toBe(610);
  });

  it("leaves the depth as it was, whichever way functions end", () => {
    const guest = run(
      filter(`(func $leave (export "leave") (param i32) (result i32)
        (block $out (br_if $out (i32.eqz (local.get 0))) (return (call $leave (i32.sub (local.get 0) (i32.const 1)))))
        (br 0 (i32.const 7)))`),
    );
    expect(spend(guest, "leave", 100).result).toBe(7);
    expect(guest.handles.depth).toBe(DEPTH);
  });

  it("returns several values through the block it adds", () => {
    const guest = run(
      filter(`(func $pair (export "pair") (param i32) (result i32 i64)
        (if (local.get 0) (then (return (call $pair (i32.const 0))))) (i32.const 5) (i64.const 6))`),
    );
    expect(spend(guest, "pair", 1).result).toEqual([5, 6n]);
  });

  it("lets the callers of a small function pay for it", () => {
    const guest = run(
      filter(`(func $small (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
        (func (export "twice") (param i32) (result i32) (call $small (call $small (local.get 0))))`),
    );
    expect(spend(guest, "twice", 1)).toEqual({ result: 3, spent: 3 + 2 * 3 });
  });

  it("keeps the fuel right where a loop that keeps it calls what charges", () => {
    const guest = run(
      filter(`(func $inner (param i32) (result i32) (local i32)
          (loop $l (br_if $l (i32.lt_s (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (local.get 0)))) (local.get 1))
        (func (export "outer") (param i32) (result i32) (local i32 i32)
          (loop $l (br_if $l (i32.lt_s (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (local.get 0))))
          (loop $m (local.set 2 (i32.add (local.get 2) (call $inner (i32.const 10))))
            (br_if $m (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
          (local.get 2))`),
    );
    const first = 1 + 7 * 3;
    const inner = 1 + 7 * 10;
    expect(spend(guest, "outer", 3)).toEqual({ result: 30, spent: first + 3 * (10 + inner) });
  });

  it("charges only the segments that a long loop passes", () => {
    const long = "(drop (i32.const 1))".repeat(200);
    const guest = run(
      filter(`(func (export "f") (param i32 i32)
        (loop $l (block (br_if 0 (local.get 1)) ${long})
          (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))`),
    );
    const perTurn = 2 + 5;
    expect(spend(guest, "f", 10, 1).spent).toBe(10 * (perTurn + 400));
    const split = run(
      filter(`(func (export "f") (param i32 i32)
        (loop $l (block (block (br_if 0 (i32.eqz (local.get 1))) (br 1)) ${long})
          (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))`),
    );
    expect(spend(split, "f", 10, 1).spent).toBe(10 * (4 + 5));
    expect(spend(split, "f", 10, 0).spent).toBe(10 * (4 + 5 + 400));
  });

  it("charges a hostcall like a hundred instructions", () => {
    const guest = run(
      filter(`(import "env" "proxy_done" (func $done (result i32))) (func (export "f") (result i32) (call $done))`),
    );
    expect(spend(guest, "f").spent).toBe(101);
  });

  it("charges bulk memory operations by length", () => {
    const guest = run(
      filter(`(func (export "fill") (param i32) (memory.fill (i32.const 0) (i32.const 7) (local.get 0)))`),
    );
    expect(spend(guest, "fill", 8).spent).toBe(4 + 1);
    expect(spend(guest, "fill", 65_536).spent).toBe(4 + 8192);
    expect(new Uint8Array(guest.memory.buffer)[65_535]).toBe(7);
  });

  it.each([
    { name: "memory.fill", code: "(memory.fill (i32.const 0) (i32.const 7) (local.get 0))", for800: 100 },
    { name: "memory.copy", code: "(memory.copy (i32.const 0) (i32.const 900) (local.get 0))", for800: 100 },
    { name: "memory.init", code: "(memory.init $d (i32.const 0) (i32.const 0) (local.get 0))", for800: 100 },
    { name: "table.fill", code: "(table.fill $t (i32.const 0) (ref.null func) (local.get 0))", for800: 800 },
    { name: "table.copy", code: "(table.copy $t $t (i32.const 0) (i32.const 9) (local.get 0))", for800: 800 },
    { name: "table.init", code: "(table.init $t $e (i32.const 0) (i32.const 0) (local.get 0))", for800: 800 },
    { name: "table.grow", code: "(drop (table.grow $t (ref.null func) (local.get 0)))", for800: 800 },
  ])("charges $name by its length, also when it does not succeed", ({ name, code, for800 }) => {
    const text = `(table $t 900 funcref) (elem $e func ${"$f ".repeat(900)}) (data $d "${"x".repeat(900)}")
      (func $f (export "f") (param i32) ${code})`;
    const metered = (): Running => runWith(filter(text), { ...OPTIONS, tableEntriesMax: 2_000 });
    expect(spend(metered(), "f", 800).spent - spend(metered(), "f", 0).spent).toBe(for800);
    const beyond = 8_000_000;
    const failing = metered();
    // It is paid for before it is tried: a length that memory and tables do not have ends by fuel.
    expect(trapOf(failing, "f", beyond).fuel, name).toBeLessThan(0);
  });

  it.each([
    ["memory.fill", `(memory.fill (i32.const 0) (i32.const 7) (local.get 0))`],
    ["table.fill", `(table.fill $t (i32.const 0) (ref.null func) (local.get 0))`],
  ])("takes the length of %s as unsigned: none gives fuel", (_, code) => {
    const guest = run(filter(`(table $t 10 funcref) (func (export "f") (param i32) ${code})`));
    for (const length of [-1, 2 ** 31, 2 ** 31 + 1]) expect(trapOf(guest, "f", length).fuel).toBeLessThan(0);
  });

  it.each([
    { name: "loops for ever", code: `(func (export "f") (loop $l (br $l)))` },
    { name: "loops for ever around a call", code: `(func $g) (func (export "f") (loop $l (call $g) (br $l)))` },
    {
      name: "fills memory for ever",
      code: `(func (export "f") (loop $l (memory.fill (i32.const 0) (i32.const 0) (i32.const 65536)) (br $l)))`,
    },
    { name: "grows memory for ever", code: `(func (export "f") (loop $l (drop (memory.grow (i32.const 1))) (br $l)))` },
    {
      name: "grows a table for ever",
      code: `(table $t 1 externref) (func (export "f") (loop $l (drop (table.grow $t (ref.null extern) (i32.const 1))) (br $l)))`,
    },
    {
      name: "calls the host for ever",
      code: `(import "env" "proxy_done" (func $done (result i32))) (func (export "f") (loop $l (drop (call $done)) (br $l)))`,
    },
    {
      name: "calls twice as often at each level",
      code: `(func $f0 (param i32)) ${Array.from({ length: 30 }, (_, i) => `(func $f${i + 1} (param i32) (call $f${i} (local.get 0)) (call $f${i} (local.get 0)))`).join("")}
        (func (export "f") (call $f30 (i32.const 0)))`,
    },
  ])("stops a guest that $name, with negative fuel", ({ code }) => {
    const guest = run(filter(code));
    const { fuel, depth } = trapOf(guest, "f");
    expect(fuel).toBeLessThan(0);
    expect(depth).toBe(DEPTH);
    expect(guest.memory.buffer.byteLength).toBeLessThanOrEqual(16 * 65_536);
  });

  it.each([
    { name: "itself", code: `(func $f (export "f") (call $f))` },
    { name: "another that calls it", code: `(func $g (call $f)) (func $f (export "f") (call $g))` },
    {
      name: "itself through a table",
      code: `(table 1 funcref) (elem (i32.const 0) $f) (func $f (export "f") (call_indirect (i32.const 0)))`,
    },
    {
      name: "itself through a table it fills",
      code: `(table 1 funcref) (elem declare func $f) (func $f (export "f") (table.set (i32.const 0) (ref.func $f)) (call_indirect (i32.const 0)))`,
    },
    {
      name: "itself with a large frame",
      code: `(func $f (export "f") (local ${"i64 ".repeat(1900)}) (call $f) (local.set 1899 (i64.const 1)))`,
    },
    {
      name: "a chain that is longer than V8's stack",
      code: `(func $f0 (param i32)) ${Array.from({ length: 5000 }, (_, i) => `(func $f${i + 1} (param i32) (call $f${i} (local.get 0)) (loop (br_if 0 (i32.const 0))))`).join("")}
        (func (export "f") (call $f5000 (i32.const 0)))`,
    },
  ])("stops a guest that calls $name, with depth -1", ({ code }) => {
    const { fuel, depth } = trapOf(run(filter(code)), "f");
    expect(depth).toBe(-1);
    expect(fuel).toBeGreaterThanOrEqual(0);
  });

  it("lowers the maximum of memory and tables, and answers -1 to a growth beyond", () => {
    const guest = run(
      filter(
        `(table $t 1 1000 externref)
         (func (export "memory.grow") (param i32) (result i32) (memory.grow (local.get 0)))
         (func (export "table.grow") (param i32) (result i32) (table.grow $t (ref.null extern) (local.get 0)))`,
        "1 4000",
      ),
    );
    expect(spend(guest, "memory.grow", 15).result).toBe(1);
    expect(spend(guest, "memory.grow", 1).result).toBe(-1);
    expect(spend(guest, "table.grow", 99).result).toBe(1);
    expect(spend(guest, "table.grow", 1).result).toBe(-1);
  });

  it("refuses a memory that starts above the cap", () => {
    expect(() => meter(filter("", "17"), OPTIONS)).toThrow(/starts with 17 pages of 64 KiB; it may have 16/);
  });

  it("makes mutable globals reachable, whatever they are called", () => {
    const guest = run(
      filter(
        `(global i32 (i32.const 1)) (global (export "g") (mut i32) (i32.const 5)) (global (mut f64) (f64.const 2.5))`,
      ),
    );
    expect(guest.metered.mutableGlobals).toEqual(["sluice_global_1", "sluice_global_2"]);
    const exported = guest.call as unknown as Record<string, WebAssembly.Global>;
    expect(guest.metered.mutableGlobals.map((name) => exported[name]!.value)).toEqual([5, 2.5]);
  });

  it.each([
    { name: "a store by its offset", code: "(i32.store8 offset=4096 (i32.const 0) (i32.const 1))", blocks: [1] },
    { name: "a store by its first byte", code: "(i64.store (i32.const 4095) (i64.const 1))", blocks: [0] },
    { name: "a block beyond the 32nd", code: "(f64.store (i32.const 135168) (f64.const 1))", blocks: [1] },
    {
      name: "both ends of a fill",
      code: "(memory.fill (i32.const 8000) (i32.const 1) (i32.const 300))",
      blocks: [1, 2],
    },
    {
      name: "the target of a copy",
      code: "(memory.copy (i32.const 12288) (i32.const 0) (i32.const 4))",
      blocks: [3],
    },
    {
      name: "everything when much is moved",
      code: "(memory.fill (i32.const 0) (i32.const 1) (i32.const 4097))",
      blocks: Array.from({ length: 32 }, (_, block) => block),
    },
  ])("notes as written: $name", ({ code, blocks }) => {
    const guest = run(filter(`(func (export "write") ${code})`, "3"));
    expect([guest.handles.takeDirty(), guest.handles.takeDirty()]).toEqual([-1, 0]);
    spend(guest, "write");
    expect(guest.handles.takeDirty()).toBe(blocks.reduce((mask, block) => mask | (1 << block), 0));
  });

  it("turns a start section into an export that the host calls", () => {
    const guest = run(filter(`(global $g (mut i32) (i32.const 0)) (func $s (global.set $g (i32.const 9))) (start $s)`));
    const exported = guest.call as unknown as Record<string, WebAssembly.Global>;
    expect(exported["sluice_global_0"]!.value).toBe(0);
    guest.call[guest.metered.startExport!]!();
    expect(exported["sluice_global_0"]!.value).toBe(9);
  });

  it("adds the sections that a small module does not have", () => {
    const { bytes } = meter(wat("(module)"), OPTIONS);
    expect(WebAssembly.Module.exports(new WebAssembly.Module(bytes)).map(({ name }) => name)).toEqual([
      "sluice_refuel",
      "sluice_fuel_left",
      "sluice_take_dirty",
      "sluice_take_changed",
      "sluice_depth",
    ]);
  });

  it("keeps the names for traces", () => {
    const guest = run(filter(`(func $deep_inside unreachable) (func $wrapper (export "f") (call $deep_inside))`));
    expect(() => guest.call["f"]!()).toThrow(
      expect.objectContaining({ stack: expect.stringMatching(/deep_inside.*\n.*wrapper/) }),
    );
  });

  it.each([
    ["keeps names", 100, 1],
    ["leaves names out where one has thousands of bytes", 5_000, 0],
  ])("%s", (_, length, sections) => {
    const { bytes } = meter(filter(`(func $${"n".repeat(length)})`), OPTIONS);
    const module = new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
    expect(WebAssembly.Module.customSections(module, "name")).toHaveLength(sections);
  });
});
