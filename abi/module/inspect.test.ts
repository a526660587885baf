import { array, assert, nat, property, tuple, uint8Array } from "fast-check";
import { describe, expect, it } from "vitest";
import { filter, wat } from "./fixtures/wat.ts";
import { inspect, type InspectResult } from "./inspect.ts";
import { meter } from "./meter.ts";
import type { Refusal } from "./refusal.ts";

const MARKER = `(func (export "proxy_abi_version_0_2_1"))`;
const LIMITS = { memoryPagesMax: 256, tableEntriesMax: 100_000 };

function refusalOf(result: InspectResult): Refusal {
  if (result.ok) throw new Error("the module was not refused");
  return result.refusal;
}

function inspectionOf(result: InspectResult): Extract<InspectResult, { ok: true }>["inspection"] {
  if (!result.ok) throw new Error(`${result.refusal.code} ${result.refusal.message}`);
  return result.inspection;
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** By hand: the text's parser takes for ever on them. */
function nestedBlocks(count: number): Uint8Array {
  const bytes = filter(`(func ${"nop ".repeat(count * 3)})`);
  const blocks = Array.from({ length: count }, () => [0x02, 0x40]).flat();
  const start = Buffer.from(bytes).indexOf(Buffer.alloc(16, 1));
  bytes.set(blocks, start);
  bytes.fill(0x0b, start + blocks.length, start + count * 3);
  return bytes;
}

interface Refused {
  readonly name: string;
  readonly module: () => Uint8Array;
  readonly code: string;
  readonly says: RegExp;
}

/** A module of these sections, by hand: what no text format writes down. */
function sections(...bytes: readonly number[][]): Uint8Array {
  return Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...bytes.flat());
}

const manyLocals = (count: number): string => `(func (export "f") (local ${"i32 ".repeat(count)}))`;

const REFUSED: readonly Refused[] = [
  { name: "no bytes", module: () => new Uint8Array(0), code: "E1101", says: /empty/ },
  { name: "text", module: () => text("(module)"), code: "E1101", says: /not a WebAssembly module/ },
  {
    name: "the magic and no more",
    module: () => Uint8Array.of(0, 0x61, 0x73, 0x6d),
    code: "E1102",
    says: /after 4 bytes/,
  },
  { name: "64 MiB of zeros", module: () => new Uint8Array(64 * 1024 * 1024), code: "E1103", says: /67108864 bytes/ },
  {
    name: "a component",
    module: () => Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0),
    code: "E1104",
    says: /component/,
  },
  { name: "a cut module", module: () => filter().slice(0, 40), code: "E1102", says: /damaged at byte/ },
  {
    name: "imports nobody has",
    module: () => filter(`(import "env" "proxy_redis_call" (func)) (import "wasi_snapshot_preview1" "fd_frob" (func))`),
    code: "E1105",
    says: /env\.proxy_redis_call, wasi_snapshot_preview1\.fd_frob/,
  },
  {
    name: "an import of the wrong type",
    module: () => filter(`(import "env" "proxy_log" (func (param i32 i32) (result i32)))`),
    code: "E1106",
    says: /proxy_log as \(i32, i32\) → i32; it is \(i32, i32, i32\) → i32/,
  },
  {
    name: "an imported memory",
    module: () => wat(`(module (import "env" "memory" (memory 1)) ${MARKER})`),
    code: "E1107",
    says: /env\.memory as a memory/,
  },
  {
    name: "no marker",
    module: () => wat(`(module (memory (export "memory") 1))`),
    code: "E1108",
    says: /no ABI version marker/,
  },
  {
    name: "an ABI from elsewhere",
    module: () => wat(`(module (memory (export "memory") 1) (func (export "proxy_abi_version_0_2_100")))`),
    code: "E1108",
    says: /only proxy_abi_version_0_2_100; supported are proxy_abi_version_0_1_0/,
  },
  { name: "no memory", module: () => wat(`(module ${MARKER})`), code: "E1109", says: /defines 0 memories/ },
  {
    name: "a memory under another name",
    module: () => wat(`(module (memory (export "mem") 1) ${MARKER})`),
    code: "E1109",
    says: /exported as mem/,
  },
  { name: "a memory that starts too large", module: () => filter("", "5000"), code: "E1110", says: /5000 pages/ },
  {
    name: "a table that starts too large",
    module: () => filter("(table 200000 funcref)"),
    code: "E1110",
    says: /200000 entries/,
  },
  {
    name: "a callback of another version",
    module: () => filter(`(func (export "proxy_on_request_headers") (param i32 i32) (result i32) (i32.const 0))`),
    code: "E1111",
    says: /in ABI 0\.2\.1 it is \(i32, i32, i32\) → i32/,
  },
  {
    name: "a name of the meter's",
    module: () => filter(`(global (export "sluice_depth") (mut i64) (i64.const 0))`),
    code: "E1112",
    says: /sluice_depth/,
  },
  {
    name: "a check without the policy marker",
    module: () => filter(`(func (export "policy_on_check") (param i32) (result i32) (i32.const 1))`),
    code: "E1113",
    says: /policy_on_check/,
  },
  {
    name: "more locals than are taken",
    module: () => filter(manyLocals(2001)),
    code: "E1114",
    says: /Function \d+ has more than 2000 local variables/,
  },
  {
    name: "locals × bytes that are ruinous to compile",
    module: () => filter(`(func (export "f") (local ${"i32 ".repeat(1900)}) ${"nop ".repeat(6000)})`),
    code: "E1114",
    says: /keeps 1900 values/,
  },
  {
    name: "an operand stack that is ruinous to compile",
    module: () => filter(`(func (export "f") ${"i32.const 0 ".repeat(3000)} ${"drop ".repeat(3000)})`),
    code: "E1114",
    says: /keeps 3000 values/,
  },
  {
    name: "blocks nested too deep",
    module: () => nestedBlocks(2100),
    code: "E1114",
    says: /nests more than 2000 blocks/,
  },
  {
    name: "code that does not type-check",
    module: () => filter(`(func (export "f") (result i32) (i64.const 1))`),
    code: "E1115",
    says: /type error|expected type i32/,
  },
  {
    name: "tail calls",
    module: () => filter(`(func $f (export "f") (return_call $f))`),
    code: "E1104",
    says: /tail calls \(function 2 "f"\)/,
  },
  { name: "threads", module: () => filter("", "1 2 shared"), code: "E1104", says: /shared memory/ },
  {
    name: "atomic instructions",
    module: () => filter(`(func (drop (i32.atomic.load (i32.const 0))))`),
    code: "E1104",
    says: /threads/,
  },
  { name: "a 64-bit memory", module: () => filter("", "i64 1"), code: "E1104", says: /memory64/ },
  { name: "several memories", module: () => filter("(memory 1)"), code: "E1109", says: /defines 2 memories/ },
  { name: "exceptions", module: () => filter("(tag)"), code: "E1104", says: /exceptions/ },
  {
    name: "a type of what is collected",
    module: () => sections([1, 3, 1, 0x5f, 0]),
    code: "E1104",
    says: /garbage collection/,
  },
  {
    name: "a reference to what is collected",
    module: () => sections([1, 5, 1, 0x60, 1, 0x6e, 0]),
    code: "E1104",
    says: /garbage collection/,
  },
  {
    name: "a typed reference",
    module: () => sections([1, 6, 1, 0x60, 1, 0x64, 0, 0]),
    code: "E1104",
    says: /typed references/,
  },
  {
    name: "an exception's reference",
    module: () => sections([1, 5, 1, 0x60, 1, 0x69, 0]),
    code: "E1104",
    says: /exnref/,
  },
  { name: "a table of typed references", module: () => sections([4, 4, 1, 0x64, 0, 0]), code: "E1104", says: /typed/ },
  {
    name: "a shared global",
    module: () => sections([6, 6, 1, 0x7f, 2, 0x41, 0, 0x0b]),
    code: "E1104",
    says: /threads/,
  },
  {
    name: "pages of its own size",
    module: () => sections([5, 4, 1, 8, 0, 0]),
    code: "E1104",
    says: /pages of its own size/,
  },
  {
    name: "stack switching",
    module: () =>
      sections(
        [1, 4, 1, 0x60, 0, 0],
        [3, 2, 1, 0],
        [5, 3, 1, 0, 1],
        [7, 36, 2, 6, ...text("memory"), 2, 0, 23, ...text("proxy_abi_version_0_2_1"), 0, 0],
        [10, 5, 1, 3, 0, 0xe0, 0x0b],
      ),
    code: "E1104",
    says: /stack switching/,
  },
  {
    name: "relaxed SIMD",
    module: () => filter(`(func (param v128) (drop (i8x16.relaxed_swizzle (local.get 0) (local.get 0))))`),
    code: "E1104",
    says: /relaxed SIMD/,
  },
];

describe("inspect", () => {
  it.each(REFUSED)("refuses $name with $code", ({ module, code, says }) => {
    const refusal = refusalOf(inspect(module()));
    expect(refusal.message).toMatch(says);
    expect(refusal.code).toBe(`SLUICE-${code}`);
  });

  it("tells ABI, imports, callbacks and sizes of a module that may run", () => {
    const bytes = filter(
      `(import "env" "proxy_log" (func (param i32 i32 i32) (result i32)))
       (import "env" "proxy_http_call" (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
       (import "wasi_unstable" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
       (func (export "_initialize"))
       (func (export "sluice_policy_abi_version_1"))
       (func (export "policy_on_check") (param i32) (result i32) (i32.const 1))
       (func (export "proxy_on_done") (param i32) (result i32) (i32.const 1))`,
      "2 40",
    );
    expect(inspectionOf(inspect(bytes))).toMatchObject({
      abi: "0.2.1",
      policyAbi: true,
      imports: [
        { module: "env", name: "proxy_log" },
        { module: "env", name: "proxy_http_call" },
        { module: "wasi_unstable", name: "fd_write" },
      ],
      callbacks: ["policy_on_check", "proxy_on_done"],
      allocator: "proxy_on_memory_allocate",
      start: "_initialize",
      startSection: false,
      memory: { minPages: 2, maxPages: 40 },
      sizes: { bytes: bytes.length, functions: 6 },
      resettable: true,
    });
  });

  it("tells each import's type, what grants it, and what it will not do here", () => {
    const bytes = filter(`(import "env" "proxy_log" (func (param i32 i32 i32) (result i32)))
      (import "env" "proxy_get_shared_data" (func (param i32 i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_read" (func (param i32 i32 i32 i32) (result i32)))`);
    expect(inspectionOf(inspect(bytes)).imports).toEqual([
      {
        module: "env",
        name: "proxy_log",
        type: "(i32, i32, i32) → i32",
        family: "log",
        advice: null,
      },
      {
        module: "env",
        name: "proxy_get_shared_data",
        type: "(i32, i32, i32, i32, i32) → i32",
        family: "sharedData",
        advice: "Grant it to the revision: capabilities: [sharedData].",
      },
      {
        module: "wasi_snapshot_preview1",
        name: "fd_read",
        type: "(i32, i32, i32, i32) → i32",
        family: "always",
        advice: expect.stringMatching(/Every call answers errno 52/),
      },
    ]);
  });

  it.each([
    ["env.__cxa_throw", /-fno-exceptions/],
    ["env.invoke_vi", /SUPPORT_LONGJMP/],
    ["gojs.runtime.ticks", /GOOS=wasip1/],
    ["wbg.__wbg_log", /wasm-bindgen/],
    ["wasi:io/streams.read", /wasm32-wasip1/],
    ["wasi.thread-spawn", /without threads/],
    ["env.console.log", /SDK/],
    ["env.proxy_get_header_map_valeu", /nearest name there is: env\.proxy_get_header_map_value/],
    ["nobody.knows_this_at_all_anywhere", /docs\/reference\/abi\.md lists every import/],
  ])("says what to do about an import of %s", (name, hint) => {
    const at = name.indexOf(".");
    const bytes = filter(`(import "${name.slice(0, at)}" "${name.slice(at + 1)}" (func))`);
    expect(refusalOf(inspect(bytes)).hint).toMatch(hint);
  });

  it("tells exports with their types, tables, sections, names and the source map's address", () => {
    const url = Buffer.concat([
      Buffer.from([0, 24, 16]),
      text("sourceMappingURL"),
      Buffer.from([6]),
      text("a.map\u001b"),
    ]);
    const bytes = filter(`(table 2 10 funcref) (func $named (export "f") (param i64) (result f32) (f32.const 0))
      (global (export "g") i32 (i32.const 1))`);
    expect(inspectionOf(inspect(Buffer.concat([bytes, url])))).toMatchObject({
      exports: [
        { name: "memory", kind: "memory", type: null },
        { name: "proxy_abi_version_0_2_1", kind: "function", type: "()" },
        { name: "proxy_on_memory_allocate", kind: "function", type: "(i32) → i32" },
        { name: "f", kind: "function", type: "(i64) → f32" },
        { name: "g", kind: "global", type: null },
      ],
      tables: [{ holds: "functions", minEntries: 2, maxEntries: 10 }],
      sections: expect.arrayContaining([
        { name: "memory", bytes: 3, count: 1 },
        { name: "sourceMappingURL", bytes: 24, count: 1 },
      ]) as unknown,
      names: { functions: 1, usable: true },
      sourceMapUrl: "a.map?",
    });
  });

  it("lists a bounded part of very many exports", () => {
    const fields = Array.from({ length: 300 }, (_, i) => `(export "e${i}" (func $f))`).join("");
    expect(inspectionOf(inspect(filter(`(func $f) ${fields}`))).exports).toHaveLength(200);
  });

  it("tells what compiling may cost, and names the dearest function", () => {
    const bytes = filter(`(func $small) (func $big (local ${"i64 ".repeat(999)}) ${"nop ".repeat(8_994)})`);
    const { compile } = inspectionOf(inspect(bytes));
    expect(compile).toMatchObject({
      dearest: { function: '3 "big"', bytes: 8_999, values: 999, share: 0.899 },
      expectedMs: 90,
    });
    expect(compile.cost).toBeGreaterThan(8_999 * 999);
  });

  it.each([
    ["language and SDK by names", `(func $~lib/@sluice/sdk-filter/assembly/x)`, "AssemblyScript", "@sluice/sdk-filter"],
    ["our peer's SDK", `(func $node_modules/@solo-io/proxy-runtime/x)`, "AssemblyScript", "@solo-io/proxy-runtime"],
    [
      "an SDK's version by the places of its panics",
      `(data (i32.const 0) "/home/builder/.cargo/registry/src/x/proxy-wasm-0.2.2/src/dispatcher.rs")`,
      "Rust",
      "proxy-wasm Rust SDK 0.2.2",
    ],
    ["Go's", `(func $github.com_tetratelabs_proxy_wasm_go_sdk_proxywasm.Log)`, null, "proxy-wasm-go-sdk"],
    ["nothing where nothing tells", "", null, null],
  ])("tells %s", (_name, fields, language, sdk) => {
    expect(inspectionOf(inspect(filter(fields)))).toMatchObject({ language, sdk });
  });

  it("lists what the producers section says", () => {
    const languages = [8, ...text("language"), 1, 4, ...text("Rust"), 0];
    const tools = [12, ...text("processed-by"), 1, 5, ...text("rustc"), 6, ...text("1.80.0")];
    const body = [9, ...text("producers"), 2, ...languages, ...tools];
    const bytes = Buffer.concat([filter(), Buffer.from([0, body.length, ...body])]);
    expect(inspectionOf(inspect(bytes))).toMatchObject({
      language: "Rust",
      producers: ["language Rust", "processed-by rustc 1.80.0"],
    });
  });

  it("takes the first marker in export order", () => {
    const bytes = wat(`(module (memory (export "memory") 1) (func (export "proxy_abi_version_0_1_0"))
      ${MARKER} (func (export "proxy_on_request_headers") (param i32 i32) (result i32) (i32.const 0)))`);
    expect(inspectionOf(inspect(bytes)).abi).toBe("0.1.0");
  });

  it("counts an import once that a module lists twice", () => {
    const one = `(import "env" "proxy_done" (func (result i32)))`;
    expect(inspectionOf(inspect(filter(one + one))).imports).toHaveLength(1);
  });

  it.each([
    ["table.set", `(table 1 funcref) (func $x (table.set (i32.const 0) (ref.null func)))`],
    ["table.grow", `(table 1 funcref) (func $x (drop (table.grow (ref.null func) (i32.const 1))))`],
    ["table.fill", `(table 1 funcref) (func $x (table.fill (i32.const 0) (ref.null func) (i32.const 1)))`],
    ["table.copy", `(table 1 funcref) (func $x (table.copy (i32.const 0) (i32.const 0) (i32.const 1)))`],
    [
      "table.init",
      `(table 1 funcref) (elem $e func $x) (func $x (table.init $e (i32.const 0) (i32.const 0) (i32.const 1)))`,
    ],
    ["elem.drop", `(elem $e func $x) (func $x (elem.drop $e))`],
    ["data.drop", `(data $d "x") (func $x (data.drop $d))`],
  ])("tells that an image cannot put back what %s changes, and where", (instruction, code) => {
    expect(inspectionOf(inspect(filter(code)))).toMatchObject({
      resettable: false,
      lastingChanges: [`${instruction} in function 2 "x"`],
    });
  });

  it.each([
    ["v128", "(v128.const i64x2 0 0)", "a v128"],
    ["funcref", "(ref.null func)", "a function"],
    ["externref", "(ref.null extern)", "a reference of the host"],
  ])("tells that an image does not hold a mutable global of %s", (type, value, holds) => {
    expect(inspectionOf(inspect(filter(`(global (mut ${type}) ${value})`))).lastingChanges).toEqual([
      `the mutable global 0, which holds ${holds}`,
    ]);
  });

  it("refuses a module of very many sections", () => {
    const empty = Uint8Array.from({ length: 3_000 }, (_, at) => (at % 3 === 1 ? 1 : 0));
    expect(refusalOf(inspect(Buffer.concat([filter(), empty]))).message).toContain("more than 1000 sections");
  });

  it("refuses a module of many tables", () => {
    expect(refusalOf(inspect(filter("(table 1 funcref)".repeat(9)))).message).toContain("9 tables; at most 8");
  });

  it("keeps hostile names out of messages", () => {
    const { message } = refusalOf(inspect(filter(`(import "env" "a\\1b[2J\\0a" (func))`)));
    expect(message).toContain("env.a?[2J?");
  });
});

const SEED_MODULE = filter(
  `(import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
   (type $t (func (param i32) (result i32)))
   (table 4 10 funcref) (elem (i32.const 1) $f) (global $g (mut i32) (i32.const 3)) (data (i32.const 8) "hello")
   (func $f (type $t) (local i64) (loop $l (br_if $l (i32.eqz (local.get 0)))) (i32.add (local.get 0) (global.get $g)))
   (func (export "g") (param i32) (result i32) (block $a (block $b (br_table $a $b (local.get 0))))
     (memory.fill (i32.const 0) (i32.const 1) (i32.const 8)) (drop (call $log (i32.const 0) (i32.const 0) (i32.const 0)))
     (return (call_indirect (type $t) (local.get 0) (i32.const 1))))`,
);

/** Neither may throw anything but a refusal, and what inspect takes the meter must turn into a valid module. */
function survives(bytes: Uint8Array): void {
  const result = inspect(bytes, { memoryPagesMax: LIMITS.memoryPagesMax });
  if (!result.ok) expect(result.refusal.code).toMatch(/^SLUICE-E11/);
  else expect(WebAssembly.validate(meter(bytes, LIMITS).bytes as Uint8Array<ArrayBuffer>)).toBe(true);
}

describe("inspect, given damaged bytes", () => {
  it("takes the whole seed module", () => {
    expect(inspect(SEED_MODULE)).toMatchObject({ ok: true });
  });

  it("refuses the module cut at every byte where it is not whole", () => {
    for (let length = 0; length < SEED_MODULE.length; length++) survives(SEED_MODULE.slice(0, length));
  });

  it("never throws, whichever bytes are changed", () => {
    const edit = tuple(nat(SEED_MODULE.length - 1), nat(255));
    assert(
      property(array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        const bytes = SEED_MODULE.slice();
        for (const [at, value] of edits) bytes[at] = value;
        survives(bytes);
      }),
      { numRuns: 2000 },
    );
  });

  it("never throws, whatever follows the preamble", () => {
    assert(
      property(uint8Array({ maxLength: 200 }), (tail) => {
        survives(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...tail));
      }),
      { numRuns: 1000 },
    );
  });
});
