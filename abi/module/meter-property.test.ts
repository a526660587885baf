// Over random programs: the metered one computes the same, spends the same fuel on every run, and notes all that it changed.
import { assert, integer, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { meterHandles, type MeterHandles } from "./fixtures/meter-handles.ts";
import { program } from "./fixtures/random-program.ts";
import { wat } from "./fixtures/wat.ts";
import { BLOCK_SHIFT } from "./limits.ts";
import { meter, type MeteredModule } from "./meter.ts";

const OPTIONS = { memoryPagesMax: 16, tableEntriesMax: 100 };
const BUDGET = 10 ** 9;
const BLOCK_BYTES = 1 << BLOCK_SHIFT;
/** The widest store begins in a block that is noted, and may reach so far into the next. */
const OVERHANG_BYTES = 15;

type Exports = WebAssembly.Instance["exports"];

interface Ran {
  readonly result: unknown;
  readonly memory: Uint8Array;
  readonly globals: readonly unknown[];
}

function run(bytes: Uint8Array, argument: number, before: (exports: Exports) => void = () => {}): Ran {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>));
  before(exports);
  const result = resultOf(() => (exports["run"] as (n: number) => number)(argument));
  const memory = new Uint8Array((exports["memory"] as WebAssembly.Memory).buffer).slice();
  return { result, memory, globals: ["g", "h"].map((name) => (exports[name] as WebAssembly.Global).value as unknown) };
}

/** A trap is a result too: the same one, and with the same state behind it. */
function resultOf(call: () => number): unknown {
  try {
    return call();
  } catch (error) {
    return (error as Error).message;
  }
}

interface Metered extends Ran {
  readonly spent: number;
  readonly depth: unknown;
  readonly dirty: number;
  readonly changed: number;
}

function runMetered(metered: MeteredModule, argument: number, budget = BUDGET): Metered {
  let handles: MeterHandles | null = null;
  const ran = run(metered.bytes, argument, (exports) => {
    handles = meterHandles(exports, metered);
    handles.fuel = budget;
    handles.takeDirty();
    handles.takeChanged();
  });
  const { fuel, depth, takeDirty, takeChanged } = handles!;
  return {
    ...ran,
    spent: budget - fuel,
    depth,
    dirty: takeDirty(),
    changed: takeChanged(),
  };
}

/** Bytes that differ from a fresh memory's, where no noted block accounts for them. */
function unnoted({ memory, dirty }: Metered): number[] {
  const isNoted = (at: number): boolean => at >= 0 && (dirty & (1 << (at >>> BLOCK_SHIFT))) !== 0;
  const found: number[] = [];
  for (let at = 0; at < memory.length; at++) {
    if (memory[at] === 0 || isNoted(at)) continue;
    if (at % BLOCK_BYTES < OVERHANG_BYTES && isNoted(at - OVERHANG_BYTES)) continue;
    found.push(at);
  }
  return found;
}

function changedGlobals({ globals }: Ran): number {
  return (globals[0] === 1 ? 0 : 1) | (globals[1] === 2n ? 0 : 2);
}

describe("A metered program", () => {
  it("computes what the plain one does, spends the same on every run, and notes what it wrote", () => {
    assert(
      property(program, integer(), ({ text }, argument) => {
        const plain = wat(text);
        const metered = meter(plain, OPTIONS);
        const expected = run(plain, argument);
        const first = runMetered(metered, argument);
        expect({ result: first.result, globals: first.globals }).toEqual({
          result: expected.result,
          globals: expected.globals,
        });
        expect(Buffer.compare(first.memory, expected.memory)).toBe(0);
        const again = runMetered(metered, argument);
        expect([again.spent, again.dirty, again.changed]).toEqual([first.spent, first.dirty, first.changed]);
        expect(first.spent).toBeGreaterThan(0);
        // Enough to the last unit is enough; one less is not, wherever it runs out.
        expect(runMetered(metered, argument, first.spent).result).toEqual(first.result);
        const short = runMetered(metered, argument, first.spent - 1);
        expect(short.spent).toBeGreaterThan(first.spent - 1);
        if (typeof first.result === "number") expect(short.result).toBe("unreachable");
        if (typeof first.result === "number") expect(first.depth).toBe(1_024);
        expect(unnoted(first)).toEqual([]);
        expect(changedGlobals(first) & ~first.changed).toBe(0);
      }),
      { numRuns: 400 },
    );
  });

  it("spends the same when V8 has optimised it", () => {
    const text = `(module (memory (export "memory") 1) (global (export "g") (mut i32) (i32.const 0)) (global (export "h") (mut i64) (i64.const 0))
      (func (export "run") (param i32) (result i32) (local i32)
        (loop $l (local.set 1 (i32.xor (i32.mul (local.get 1) (i32.const 31)) (local.get 0)))
          (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (local.get 1)))`;
    const metered = meter(wat(text), OPTIONS);
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(metered.bytes as Uint8Array<ArrayBuffer>));
    const handles = meterHandles(exports, metered);
    const spent = new Set<number>();
    for (let call = 0; call < 2_000; call++) {
      handles.fuel = BUDGET;
      (exports["run"] as (n: number) => number)(1_000);
      spent.add(BUDGET - handles.fuel);
    }
    expect([...spent]).toEqual([1 + 11 * 1_000]);
  });
});
