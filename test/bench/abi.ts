// `npm run bench -- abi`: what the host itself costs: hostcalls by family, callbacks, starts, resets, fuel, memory; and each
// shipped filter through its life cycle.

import { readFileSync } from "node:fs";
import { join } from "node:path";

import { MemoryServices, Plugin, prepareModule, SharedData, createSharedDataBuffer } from "@sluice/abi";
import { CAPABILITY_FAMILIES } from "@sluice/abi/spec";

import { specOf } from "../conformance/kit/sluice-host.ts";
import { PlainStream } from "../conformance/kit/plain-stream.ts";
import { assemble } from "../conformance/kit/wat.ts";
import { atMost, told, type Figure } from "./figure.ts";
import { benchFilters } from "./filters.ts";
import { fuelOverheads } from "./fuel-workloads.ts";
import { CALLS, guestOf, HOSTCALLS, type MeasuredHostcall } from "./hostcalls.ts";
import { policies } from "./rbac-policies.ts";
import type { BenchOptions } from "./run.ts";

const WARM_UPS = 300;
const REPEATS = 200;
const FILTERS = join(import.meta.dirname, "../../filters-as");

/** The design's bound of what a check's image may cost: 0.7 µs for each 64 KiB. */
const RESET_NS_PER_64_KIB = 700;
const IMAGES_KIB = [64, 256, 1024, 4096];
const CONTEXTS = 20_000;
const INSTANCES = 100;

const HEADERS = [
  [":method", "GET"],
  [":path", "/a/b?c=d"],
  [":authority", "a.test"],
  ["accept", "*/*"],
  ["user-agent", "curl/8.0"],
  ["x-role", "admin"],
  ["x-request-id", "0123456789abcdef0123456789abcdef"],
] as const;

export async function benchAbi(options: BenchOptions): Promise<Figure[]> {
  const { rounds, progress } = options;
  progress("hostcalls");
  const hostcalls = HOSTCALLS.map((hostcall) => hostcallFigure(hostcall, rounds));
  progress("callbacks, starts and resets");
  const life = [callbackFigure(rounds), ...startFigures(rounds), ...IMAGES_KIB.map((kib) => resetFigure(kib, rounds))];
  progress("fuel");
  const fuel = fuelOverheads().map(({ name, ratio }) => told(`fuel, ${name}: metered by plain`, ratio, "x"));
  progress("memory");
  return [...hostcalls, ...life, ...fuel, ...memoryFigures(), ...(await benchFilters(options))];
}

/** The worker's own store: one that is a Map would flatter the figures. */
class Services extends MemoryServices {
  override readonly sharedData = new SharedData(createSharedDataBuffer(), { index: 0, epoch: 1 });
}

function hostcallFigure(hostcall: MeasuredHostcall, rounds: number): Figure {
  const plugin = new Plugin(
    prepareModule(assemble(guestOf(hostcall))),
    specOf({ capabilities: CAPABILITY_FAMILIES }),
    new Services({ logLevel: 2 }),
  );
  plugin.start();
  const instance = plugin.acquire()!;
  // Edits pile up in a head, so each callback has a stream of its own; making it is a thousandth of what is measured.
  const ns = nanoseconds(() => {
    const stream = new PlainStream({
      requestHeaders: HEADERS,
      requestBody: "b".repeat(256),
      properties: { "request\0path": Buffer.from("/a/b?c=d") },
    });
    const id = instance.createStream(stream, 0);
    instance.requestHeaders(id, HEADERS.length, true);
    instance.delete(id);
  }, rounds);
  const name = `hostcall, ${hostcall.family}: ${hostcall.name}`;
  const each = ns / CALLS;
  return hostcall.budget === null ? told(name, each, "ns") : atMost(name, each, "ns", hostcall.budget);
}

const EMPTY = (pages: number, data = ""): string => `(module (memory (export "memory") ${pages}) ${data}
  (func (export "proxy_abi_version_0_2_1"))
  (func (export "proxy_on_memory_allocate") (param i32) (result i32) (i32.const 0))
  (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (i32.const 0))
  (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
    (memory.fill (i32.const 0) (i32.const 1) (i32.const ${pages * 65_536})) (i32.const 0)))`;

function started(text: string, isolation: "shared" | "stream"): Plugin {
  const plugin = new Plugin(prepareModule(assemble(text)), specOf({ isolation }), new MemoryServices());
  plugin.start();
  return plugin;
}

function callbackFigure(rounds: number): Figure {
  const instance = started(EMPTY(1), "shared").acquire()!;
  const id = instance.createStream(new PlainStream(), 0);
  const ns = nanoseconds(() => {
    for (let i = 0; i < CALLS; i++) instance.requestHeaders(id, 0, true);
  }, rounds);
  return told("callback that returns at once", ns / CALLS, "ns");
}

/** rbac's module, as pushed: inspected, metered and compiled; then started on the compiled module. */
function startFigures(rounds: number): Figure[] {
  const bytes = readFileSync(join(FILTERS, "rbac/build/rbac.wasm"));
  const prepare = best(() => void prepareModule(bytes), rounds, 10);
  const artifact = prepareModule(bytes);
  const pluginConfig = Buffer.from(JSON.stringify({ policies }));
  const start = best(
    () => {
      const plugin = new Plugin(artifact, specOf({ pluginConfig }), new MemoryServices());
      plugin.start();
      plugin.close();
    },
    rounds,
    10,
  );
  return [
    told(`rbac's module (${Math.round(bytes.length / 1024)} KiB) inspected, metered and compiled`, prepare / 1e6, "ms"),
    told("rbac instantiated, started and configured", start / 1e3, "us"),
  ];
}

/** The whole memory is written and put back: the worst there is. */
function resetFigure(kib: number, rounds: number): Figure {
  const pages = kib / 64;
  const plugin = started(EMPTY(pages, `(data (i32.const 0) "${"x".repeat(65_536)}")`), "stream");
  const stream = new PlainStream();
  const use = (): void => {
    const instance = plugin.acquire()!;
    instance.responseHeaders(instance.createStream(stream, 0), 0, true);
    plugin.release(instance);
  };
  const fill = started(EMPTY(pages), "shared").acquire()!;
  const id = fill.createStream(stream, 0);
  const ns = nanoseconds(use, rounds) - nanoseconds(() => fill.responseHeaders(id, 0, true), rounds);
  return atMost(`instance put back, ${kib} KiB all written`, ns, "ns", pages * RESET_NS_PER_64_KIB);
}

function memoryFigures(): Figure[] {
  const shared = started(EMPTY(1), "shared").acquire()!;
  const stream = new PlainStream();
  const perContext = heapOf(CONTEXTS, () => shared.createStream(stream, 0));
  const pool = started(EMPTY(2), "stream");
  const perInstance = heapOf(INSTANCES, () => pool.acquire());
  return [
    told("memory of a stream's context in a shared instance", perContext, "bytes"),
    told("memory of an instance beside its own", perInstance, "bytes"),
  ];
}

/** Bytes of heap and buffers for each of `count`, wasm memory aside. */
function heapOf(count: number, make: () => unknown): number {
  const kept: unknown[] = Array.from({ length: count });
  for (let i = 0; i < count; i++) make();
  global.gc?.();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < count; i++) kept[i] = make();
  global.gc?.();
  const bytes = (process.memoryUsage().heapUsed - before) / count;
  return kept.length === count ? bytes : Number.NaN;
}

function nanoseconds(act: () => void, rounds: number): number {
  for (let i = 0; i < WARM_UPS; i++) act();
  return best(act, rounds, REPEATS);
}

/** Of one act, in the best round: what disturbs a measurement only ever adds to it. */
function best(act: () => void, rounds: number, repeats: number): number {
  let least = Infinity;
  for (let round = 0; round < rounds; round++) {
    const startMs = performance.now();
    for (let i = 0; i < repeats; i++) act();
    least = Math.min(least, ((performance.now() - startMs) / repeats) * 1e6);
  }
  return least;
}
