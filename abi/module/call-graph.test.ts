import { describe, expect, it } from "vitest";
import { filter } from "./fixtures/wat.ts";
import { prepareModule } from "./artifact.ts";

const MEBIBYTE = 1024 * 1024;

/** Calls the export `run` of a metered module that imports nothing; what fuel it spent. */
function fuelOf(fields: string): number {
  const artifact = prepareModule(filter(fields, "16"));
  const { exports } = new WebAssembly.Instance(artifact.module, {});
  const fuelLeft = exports[artifact.meter.fuelLeftExport] as () => number;
  const before = fuelLeft();
  (exports["run"] as () => void)();
  return before - fuelLeft();
}

describe("CallGraph", () => {
  it.each([
    ["a small function", "(call $fill)"],
    ["a small function under a small function", "(call $fillFurtherDown)"],
  ])("charges by length what %s fills for a loop", (_, fill) => {
    const spent = fuelOf(`
      (func $fill (memory.fill (i32.const 0) (i32.const 1) (i32.const ${MEBIBYTE})))
      (func $fillFurtherDown (call $fill))
      (func (export "run") (local $i i32)
        (loop $again ${fill}
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $again (i32.lt_u (local.get $i) (i32.const 10)))))`);
    expect(spent).toBeGreaterThanOrEqual((10 * MEBIBYTE) / 8);
  });
});
