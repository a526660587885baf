// What metering costs in time: the same function metered and as it was, in turns. A tight loop is the worst there is; what
// filters do is nearest to "bytes compared" and "calls".

import { meter } from "@sluice/abi";

import { assemble } from "../conformance/kit/wat.ts";
import { median } from "./figure.ts";

interface Workload {
  readonly name: string;
  /** A function `f` of one i32, how much to do. */
  readonly text: string;
  readonly argument: number;
}

const WORKLOADS: readonly Workload[] = [
  {
    name: "arithmetic in a tight loop",
    argument: 200_000,
    text: `(func (export "f") (param $n i32) (result i32) (local $x i32)
      (loop $l (local.set $x (i32.add (i32.mul (local.get $x) (i32.const 31)) (local.get $n)))
        (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (local.get $x))`,
  },
  {
    name: "bytes compared",
    argument: 100_000,
    text: `(func (export "f") (param $n i32) (result i32) (local $x i32) (local $at i32)
      (loop $l
        (local.set $at (i32.and (local.get $n) (i32.const 0xfff)))
        (if (i32.ne (i32.load8_u (local.get $at)) (i32.load8_u offset=4096 (local.get $at)))
          (then (local.set $x (i32.add (local.get $x) (i32.const 1)))))
        (if (i32.lt_u (i32.sub (i32.load8_u (local.get $at)) (i32.const 65)) (i32.const 26))
          (then (local.set $x (i32.xor (local.get $x) (local.get $at)))))
        (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (local.get $x))`,
  },
  {
    name: "bytes written",
    argument: 100_000,
    text: `(func (export "f") (param $n i32) (result i32)
      (loop $l
        (i32.store8 (i32.and (local.get $n) (i32.const 0x7fff)) (local.get $n))
        (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (i32.const 0))`,
  },
  {
    name: "calls",
    argument: 100_000,
    text: `(func $g (param $a i32) (param $b i32) (result i32)
        (if (result i32) (i32.gt_u (local.get $a) (local.get $b))
          (then (i32.sub (local.get $a) (local.get $b)))
          (else (i32.add (i32.mul (local.get $a) (i32.const 3)) (i32.shr_u (local.get $b) (i32.const 2))))))
      (func (export "f") (param $n i32) (result i32) (local $x i32)
        (loop $l (local.set $x (call $g (local.get $x) (local.get $n)))
          (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $x))`,
  },
  {
    name: "recursion",
    argument: 20,
    text: `(func $f (export "f") (param $n i32) (result i32)
      (if (result i32) (i32.lt_u (local.get $n) (i32.const 2)) (then (local.get $n))
        (else (i32.add (call $f (i32.sub (local.get $n) (i32.const 1))) (call $f (i32.sub (local.get $n) (i32.const 2)))))))`,
  },
];

const WARM_UPS = 200;
const REPEATS = 60;
/** More than any workload spends. */
const FUEL = 1_000_000_000;
const DEPTH = 1024;

/** Metered time by plain time of each workload, a median over pairs. */
export function fuelOverheads(): { readonly name: string; readonly ratio: number }[] {
  return WORKLOADS.map((workload) => ({ name: workload.name, ratio: overheadOf(workload) }));
}

function overheadOf({ text, argument }: Workload): number {
  const bytes = assemble(`(module (memory (export "memory") 2) ${text})`);
  const plain = run(bytes, argument);
  const metered = meteredRun(bytes, argument);
  for (let i = 0; i < WARM_UPS; i++) {
    plain();
    metered();
  }
  return median(Array.from({ length: REPEATS }, () => timeOf(metered) / timeOf(plain)));
}

function run(bytes: Uint8Array, argument: number): () => void {
  const f = exportsOf(bytes)["f"] as (n: number) => number;
  return () => void f(argument);
}

function meteredRun(bytes: Uint8Array, argument: number): () => void {
  const { bytes: rewritten, refuelExport, depthExport } = meter(bytes, { memoryPagesMax: 256, tableEntriesMax: 1000 });
  const exports = exportsOf(rewritten);
  const f = exports["f"] as (n: number) => number;
  const refuel = exports[refuelExport] as (fuel: number) => void;
  (exports[depthExport] as WebAssembly.Global).value = DEPTH;
  return () => {
    refuel(FUEL);
    f(argument);
  };
}

function exportsOf(bytes: Uint8Array): WebAssembly.Instance["exports"] {
  return new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(bytes))).exports;
}

function timeOf(act: () => void): number {
  const startMs = performance.now();
  act();
  return performance.now() - startMs;
}
