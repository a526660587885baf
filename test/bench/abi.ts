// `npm run bench -- abi`: what one hostcall, one callback and one reset cost, without sockets and without the stream engine;
// and what rbac costs a stream in the engine.
// Hostcalls are made a thousand times by a loop in the guest, so a call into the guest is spread over a thousand.

import { headOf, MemoryServices, Plugin, prepareModule, type Instance } from "@sluice/abi";

import { specOf } from "../conformance/kit/sluice-host.ts";
import { PlainStream } from "../conformance/kit/plain-stream.ts";
import { assemble } from "../conformance/kit/wat.ts";
import { atMost, told, type Figure } from "./figure.ts";
import { FilterLife, LIVES } from "./filter-life.ts";
import { policies } from "./rbac-deployment.ts";
import type { BenchOptions } from "./run.ts";

const CALLS = 1000;
const WARM_UPS = 300;
const REPEATS = 200;

/** 0.5 µs for the filter, 0.7 µs for each 64 KiB of its image. */
const RBAC_NS_MAX = 500 + 2 * 700;

/** Each callback makes one hostcall CALLS times; blocks from 32768 on are given anew in each callback. */
const loop = (hostcall: string): string => `
  (local $left i32) (global.set $next (i32.const 32768)) (local.set $left (i32.const ${CALLS}))
  (loop $again (drop ${hostcall})
    (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))`;

const GUEST = `(module
  (import "env" "proxy_get_header_map_value" (func $get (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_replace_header_map_value" (func $replace (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_log_level" (func $level (param i32) (result i32)))
  (import "env" "proxy_define_metric" (func $define (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_increment_metric" (func $count (param i32 i64) (result i32)))
  (import "sluice" "policy_attribute" (func $attribute (param i32 i32 i32) (result i32)))
  (import "sluice" "policy_get" (func $policy (param i32 i32 i32) (result i32)))
  (memory (export "memory") 4)
  (global $next (mut i32) (i32.const 0))
  (data (i32.const 4096) "x-request-id" "request.headers[x-role]")
  (func (export "proxy_abi_version_0_2_1"))
  (func (export "sluice_policy_abi_version_1"))
  (func (export "proxy_on_memory_allocate") (param $size i32) (result i32) (local $block i32)
    (local.set $block (global.get $next))
    (global.set $next (i32.add (global.get $next) (local.get $size)))
    (local.get $block))
  (func (export "proxy_on_configure") (param i32 i32) (result i32)
    (drop (call $define (i32.const 0) (i32.const 4096) (i32.const 12) (i32.const 16)))
    (drop (call $attribute (i32.const 4108) (i32.const 23) (i32.const 20)))
    (i32.const 1))
  (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
    ${loop("(call $get (i32.const 0) (i32.const 4096) (i32.const 12) (i32.const 24) (i32.const 28))")} (i32.const 0))
  (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
    ${loop("(call $policy (i32.load (i32.const 20)) (i32.const 24) (i32.const 28))")} (i32.const 0))
  (func (export "proxy_on_request_body") (param i32 i32 i32) (result i32)
    ${loop("(call $level (i32.const 24))")} (i32.const 0))
  (func (export "proxy_on_response_body") (param i32 i32 i32) (result i32)
    ${loop("(call $count (i32.load (i32.const 16)) (i64.const 1))")} (i32.const 0))
  (func (export "proxy_on_request_trailers") (param i32 i32) (result i32)
    ${loop("(call $replace (i32.const 0) (i32.const 4096) (i32.const 12) (i32.const 4096) (i32.const 12))")} (i32.const 0))
  (func (export "proxy_on_response_trailers") (param i32 i32) (result i32) (i32.const 0))
)`;

const HEADERS = [
  [":method", "GET"],
  [":path", "/a/b?c=d"],
  [":authority", "a.test"],
  ["accept", "*/*"],
  ["user-agent", "curl/8.0"],
  ["x-role", "admin"],
  ["x-request-id", "0123456789abcdef0123456789abcdef"],
] as const;

/** Edits pile up in a head; a fresh one for each callback keeps what is measured the same. */
class FreshHead extends PlainStream {
  renew(): void {
    this.heads[0] = headOf(HEADERS);
  }
}

export async function benchAbi({ rounds, progress }: BenchOptions): Promise<Figure[]> {
  const artifact = prepareModule(assemble(GUEST));
  const shared = started(artifact, "shared");
  const isolated = started(artifact, "stream");
  const instance = shared.acquire()!;
  const stream = new FreshHead({ requestHeaders: HEADERS });
  const id = instance.createStream(stream, 0);
  const measure = (name: string, act: () => void, per: number): number => {
    progress(name);
    return nanoseconds(act, rounds) / per;
  };
  const scalar = measure("scalar hostcall", () => instance.requestBody(id, 0, true), CALLS);
  const metric = measure("metric", () => instance.responseBody(id, 0, true), CALLS);
  const read = measure("header read", () => instance.requestHeaders(id, 0, true), CALLS);
  const attribute = measure("attribute read", () => instance.responseHeaders(id, 0, true), CALLS);
  const write = measure("header write", () => rewrite(instance, id, stream), CALLS);
  const empty = measure("callback", () => instance.responseTrailers(id, 0), 1);
  const reset = measure("reset", () => isolated.release(isolated.acquire()!), 1);
  const life = await FilterLife.of({ filter: "rbac", config: { policies }, isolation: "stream", requiresCheck: true });
  const untouched = measure("rbac's instance", () => life.instanceOnly(), LIVES);
  const whole = measure("rbac's stream", () => life.run(), LIVES);
  return [
    atMost("scalar hostcall (log level)", scalar, "ns", 50),
    atMost("metric increment", metric, "ns", 50),
    atMost("header read, seventh of seven", read, "ns", 100),
    atMost("attribute read (request.headers[x])", attribute, "ns", 100),
    told("header replace", write, "ns"),
    told("callback that returns at once", empty, "ns"),
    told("instance taken and reset untouched, 256 KiB", reset, "ns"),
    told("the same of rbac, 128 KiB", untouched, "ns"),
    atMost("rbac's whole stream, image of 128 KiB put back", whole, "ns", RBAC_NS_MAX),
  ];
}

function started(artifact: ReturnType<typeof prepareModule>, isolation: "shared" | "stream"): Plugin {
  const plugin = new Plugin(artifact, specOf({ isolation }), new MemoryServices());
  plugin.start();
  return plugin;
}

function rewrite(instance: Instance, id: number, stream: FreshHead): void {
  stream.renew();
  instance.requestTrailers(id, 0);
}

/** The best round: what disturbs a measurement only ever adds to it. */
function nanoseconds(act: () => void, rounds: number): number {
  for (let i = 0; i < WARM_UPS; i++) act();
  let best = Infinity;
  for (let round = 0; round < rounds; round++) {
    const startMs = performance.now();
    for (let i = 0; i < REPEATS; i++) act();
    best = Math.min(best, ((performance.now() - startMs) / REPEATS) * 1e6);
  }
  return best;
}
