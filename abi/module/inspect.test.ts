import { array, assert, nat, property, tuple, uint8Array } from "fast-check";
import { describe, expect, it } from "vitest";
import { filter, wat } from "./fixtures/wat.ts";
import { inspect, type InspectResult } from "./inspect.ts";
import { meter } from "./meter.ts";

const MARKER = `(func (export "proxy_abi_version_0_2_1"))`;
const LIMITS = { memoryPagesMax: 256, tableEntriesMax: 100_000 };

function refusalOf(result: InspectResult): { code: string; message: string } {
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
    module: () => filter(`(global (export "sluice_fuel") (mut i64) (i64.const 0))`),
    code: "E1112",
    says: /sluice_fuel/,
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
    says: /tail calls \(function 2\)/,
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
        { module: "env", name: "proxy_log", status: "served" },
        { module: "env", name: "proxy_http_call", status: "notServed" },
        { module: "wasi_unstable", name: "fd_write", status: "served" },
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
    { name: "table.set", code: `(table 1 funcref) (func (table.set (i32.const 0) (ref.null func)))` },
    { name: "data.drop", code: `(data $d "x") (func (data.drop $d))` },
    { name: "a v128 global", code: `(global (mut v128) (v128.const i64x2 0 0))` },
  ])("calls a module with $name not resettable", ({ code }) => {
    expect(inspectionOf(inspect(filter(code))).resettable).toBe(false);
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
