import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import asc from "assemblyscript/asc";
import { beforeAll, describe, expect, it } from "vitest";
import { BinaryReader, type IOperatorInformation } from "wasmparser";
import { MARK, planCode } from "./code-plan.ts";
import { WORK_FUNCTIONS, WORK_SOURCE } from "./fixtures/work.ts";
import { inspect } from "./inspect.ts";
import { meterHandles } from "./fixtures/meter-handles.ts";
import { GROW_FUEL, HOSTCALL_FUEL, TABLE_ENTRIES_MAX } from "./limits.ts";
import { meter } from "./meter.ts";
import { readShape } from "./module-shape.ts";
import { OP } from "./opcodes.ts";
import { originalOffset, rewrittenOffset } from "./offset-table.ts";

/** Of the functions that it adds for the host. */
const LOOPS_OF_THE_METER = [0, 0, 0, 0];

const OPTIONS = { memoryPagesMax: 256, tableEntriesMax: TABLE_ENTRIES_MAX };

async function compile(...flags: string[]): Promise<Uint8Array> {
  const files: Record<string, string> = { "work.ts": WORK_SOURCE };
  let binary: Uint8Array | null = null;
  const { error, stderr } = await asc.main(
    ["work.ts", "--outFile", "work.wasm", "--runtime", "incremental", ...flags],
    {
      readFile: (name) => files[name] ?? null,
      writeFile: (name, contents) => {
        if (name === "work.wasm") binary = contents as Uint8Array;
      },
      listFiles: () => [],
    },
  );
  if (error !== null || binary === null) throw new Error(stderr.toString());
  return binary;
}

interface Counted {
  readonly loops: number;
  readonly instructions: number;
}

// The library's state numbers, which it only has as types.
const BEGIN_FUNCTION_BODY = 28;
const CODE_OPERATOR = 30;

const COSTLESS: ReadonlySet<string> = new Set(["nop", "block", "loop", "end", "else"]);
const OPERATOR_NAMES = [
  "unreachable",
  "nop",
  "block",
  "loop",
  "if",
  "else",
  "try",
  "catch",
  "throw",
  "rethrow",
  "throw_ref",
  "end",
];

/** The library takes the table of an indirect call for one byte; newer linkers write five, and it reads on in the middle. */
const PADDING_BYTES = 4;

/** Loops and instructions of each function as another reader counts them. */
function countByOracle(bytes: Uint8Array): Counted[] {
  const reader = new BinaryReader();
  reader.setData(Uint8Array.from(bytes).buffer, 0, bytes.length);
  const functions: { loops: number; instructions: number }[] = [];
  let misread = 0;
  while (reader.read()) {
    if (reader.state < 0) throw reader.error;
    if (reader.state === BEGIN_FUNCTION_BODY) functions.push({ loops: 0, instructions: 0 });
    if (reader.state !== CODE_OPERATOR || misread-- > 0) continue;
    const { code } = reader.result as IOperatorInformation;
    misread = code === OP.callIndirect && bytes[reader.position - 1]! >= 0x80 ? PADDING_BYTES : 0;
    const name = OPERATOR_NAMES[code] ?? "";
    const now = functions.at(-1)!;
    if (name === "loop") now.loops++;
    if (!COSTLESS.has(name)) now.instructions++;
    if (code === OP.memoryGrow) now.instructions += GROW_FUEL;
  }
  return functions;
}

function countByPlan(bytes: Uint8Array): Counted[] {
  const shape = readShape(bytes);
  return planCode(shape).functions.map(({ marks, entryFuel, calls }) => {
    const paid = marks.filter(({ kind }) => kind === MARK.loop || kind === MARK.segment);
    const hostcalls = calls.filter(({ callee }) => callee >= 0 && callee < shape.imports.length);
    return {
      loops: marks.filter(({ kind }) => kind === MARK.loop).length,
      instructions: paid.reduce((sum, { value }) => sum + value, entryFuel) - hostcalls.length * HOSTCALL_FUEL,
    };
  });
}

type Guest = Record<string, (n: number) => number>;

function instantiate(bytes: Uint8Array): WebAssembly.Instance["exports"] {
  const imports = { env: { abort: () => 0, seed: () => 0 } };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports);
  (exports as unknown as Guest)["_initialize"]!(0);
  return exports;
}

describe.each([
  { name: "optimised", flags: ["-O3"] },
  { name: "for size, without assertions", flags: ["-Oz", "--noAssert"] },
  { name: "unoptimised with SIMD and bulk memory", flags: ["--enable", "simd"] },
])("a module that AssemblyScript made ($name)", ({ flags }) => {
  let bytes: Uint8Array;
  let metered: ReturnType<typeof meter>;

  beforeAll(async () => {
    bytes = await compile("--exportStart", "_initialize", "--debug", ...flags);
    metered = meter(bytes, OPTIONS);
  });

  it("is taken by inspect, which tells its language", () => {
    expect(inspect(bytes)).toMatchObject({ ok: true, inspection: { language: "AssemblyScript", abi: "0.2.1" } });
  });

  it("has as many loops and instructions in each function as another reader counts", () => {
    expect(countByPlan(bytes)).toEqual(countByOracle(bytes));
  });

  it("keeps the loops of each function when metered", () => {
    const loops = (module: Uint8Array): number[] => countByOracle(module).map((each) => each.loops);
    expect(loops(metered.bytes)).toEqual([...loops(bytes), ...LOOPS_OF_THE_METER]);
  });

  it.each(WORK_FUNCTIONS)("answers the same metered and plain in %s, for exactly the same fuel every time", (name) => {
    const plain = instantiate(bytes) as unknown as Guest;
    const results = [0, 1, 2, 3, 10, 57].map((n) => plain[name]!(n));
    const runs = [1, 2].map(() => {
      const exports = instantiate(metered.bytes);
      const handles = meterHandles(exports, metered);
      return [0, 1, 2, 3, 10, 57].map((n) => {
        handles.fuel = 10_000_000;
        const result = (exports as unknown as Guest)[name]!(n);
        expect(handles.depth).toBe(1024);
        return { result, spent: 10_000_000 - handles.fuel };
      });
    });
    expect(runs[0]!.map(({ result }) => result)).toEqual(results);
    expect(runs[0]).toEqual(runs[1]);
  });

  it("knows for every offset of the metered code where it came from", () => {
    const { offsets } = metered;
    const lost = planCode(readShape(bytes)).functions.flatMap(({ body }) =>
      Array.from({ length: body.end - body.start }, (_, i) => body.start + i).filter(
        (offset) => originalOffset(offsets, rewrittenOffset(offsets, offset)) !== offset,
      ),
    );
    expect(lost).toEqual([]);
  });
});

/** The guests of the behaviour table, which has a filter of each toolchain; what is missing on this machine is not in it. */
function builtGuests(): { producer: string; bytes: Uint8Array }[] {
  const folder = join(import.meta.dirname, "../../test/behaviour");
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, "build.ts")], { encoding: "utf8" });
  if (status !== 0) throw new Error(`the guests of the behaviour table were not built\n${stderr}`);
  const producers = ["assemblyscript", "solo", "rust", "go", "c"];
  const missing = producers.filter((producer) => !existsSync(join(folder, "build", `${producer}.wasm`)));
  if (missing.length > 0) console.log(stdout.match(/^skipped: .*$/gm)?.join("\n"));
  return producers
    .filter((producer) => !missing.includes(producer))
    .map((producer) => ({ producer, bytes: readFileSync(join(folder, "build", `${producer}.wasm`)) }));
}

/** Of every module some 100,000 places, evenly: the largest has 2.8 million bytes. */
const PLACES = 100_000;

describe.each(builtGuests())("the behaviour filter by $producer", ({ bytes }) => {
  const metered = meter(bytes, OPTIONS);
  const plan = planCode(readShape(bytes));

  it("has as many loops and instructions in each function as another reader counts", () => {
    expect(countByPlan(bytes)).toEqual(countByOracle(bytes));
  });

  it("is a module still when metered, with the loops of each function", () => {
    const loops = (module: Uint8Array): number[] => countByOracle(module).map((each) => each.loops);
    expect(WebAssembly.validate(Uint8Array.from(metered.bytes))).toBe(true);
    expect(loops(metered.bytes)).toEqual([...loops(bytes), ...LOOPS_OF_THE_METER]);
  });

  it("knows for offsets of the metered code where they came from", () => {
    const { start, end } = { start: plan.functions[0]!.body.start, end: plan.functions.at(-1)!.body.end };
    const stride = Math.max(1, Math.floor((end - start) / PLACES));
    const lost = plan.functions.flatMap(({ body }) =>
      Array.from({ length: Math.ceil((body.end - body.start) / stride) }, (_, i) => body.start + i * stride).filter(
        (offset) => originalOffset(metered.offsets, rewrittenOffset(metered.offsets, offset)) !== offset,
      ),
    );
    expect(lost).toEqual([]);
  });
});
