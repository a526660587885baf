// What mutants are made of: the shipped filters, the fixtures in WebAssembly text, and guests that use every part of the
// language that filters may use.
import { readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseFilterDocument } from "@sluice/abi";
import { buildFilter } from "@sluice/sdk-filter";
import wabtLoader from "wabt";

export interface Seed {
  readonly name: string;
  readonly module: Uint8Array;
  /** What its filter is configured with. */
  readonly config: Uint8Array;
}

const FILTERS = resolve(import.meta.dirname, "../../filters-as");
const FIXTURES = resolve(import.meta.dirname, "../fixtures");
const SHIPPED = ["rbac", "headers", "rate-limit", "cors"] as const;

/** In a fixed order: a seed and a case name a mutant. */
export async function loadSeeds(): Promise<Seed[]> {
  const { parseWat } = await wabtLoader();
  const ofText = (name: string, text: string): Seed => {
    const parsed = parseWat(`${name}.wat`, text, { bulk_memory: true, reference_types: true, simd: true });
    try {
      return { name, module: parsed.toBinary({}).buffer, config: new Uint8Array(0) };
    } finally {
      parsed.destroy();
    }
  };
  const fixtures = readdirSync(FIXTURES)
    .filter((file) => file.endsWith(".wat"))
    .toSorted()
    .map((file) => ofText(file, readFileSync(join(FIXTURES, file), "utf8")));
  const own = Object.entries(TEXTS).map(([name, text]) => ofText(name, text));
  const shipped: Seed[] = [];
  for (const name of SHIPPED) shipped.push(await shippedFilter(name));
  // Ours once more each: they hold most of what can go wrong.
  return [...own, ...own, ...fixtures, ...shipped];
}

async function shippedFilter(name: string): Promise<Seed> {
  const folder = join(FILTERS, name);
  const { wasmFile } = await buildFilter(folder, { onlyWhenStale: true });
  const { exampleConfig } = parseFilterDocument(readFileSync(join(folder, "filter.yaml"), "utf8"), "filter.yaml");
  const config = exampleConfig === undefined ? "" : JSON.stringify(exampleConfig);
  // A Buffer's slices would share its bytes, and mutants change them.
  return { name, module: new Uint8Array(readFileSync(wasmFile)), config: Buffer.from(config) };
}

const EXPORTS = `(func (export "proxy_abi_version_0_2_1"))
  (func (export "sluice_policy_abi_version_1"))
  (global $free (mut i32) (i32.const 32768))
  (func (export "proxy_on_memory_allocate") (param $size i32) (result i32)
    (global.get $free) (global.set $free (i32.add (global.get $free) (local.get $size))))`;

/** `:method GET :path / :authority a`, as a header map is handed over. */
const CALL =
  "\\03\\00\\00\\00\\07\\00\\00\\00\\03\\00\\00\\00\\05\\00\\00\\00\\01\\00\\00\\00\\0a\\00\\00\\00\\01\\00\\00\\00:method\\00GET\\00:path\\00/\\00:authority\\00a\\00";

const TEXTS: Readonly<Record<string, string>> = {
  outside: `(module
    (import "env" "proxy_http_call" (func $http (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_grpc_call" (func $grpc (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_grpc_stream" (func $stream (param i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_grpc_send" (func $send (param i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_grpc_cancel" (func $cancel (param i32) (result i32)))
    (import "env" "proxy_register_shared_queue" (func $register (param i32 i32 i32) (result i32)))
    (import "env" "proxy_enqueue_shared_queue" (func $enqueue (param i32 i32 i32) (result i32)))
    (import "env" "proxy_dequeue_shared_queue" (func $dequeue (param i32 i32 i32) (result i32)))
    (import "env" "proxy_call_foreign_function" (func $foreign (param i32 i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_get_header_map_pairs" (func $pairs (param i32 i32 i32) (result i32)))
    (import "env" "proxy_get_buffer_bytes" (func $body (param i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_set_buffer_bytes" (func $set_body (param i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_get_status" (func $status (param i32 i32 i32) (result i32)))
    (import "env" "proxy_set_effective_context" (func $context (param i32) (result i32)))
    (import "env" "proxy_continue_stream" (func $continue (param i32) (result i32)))
    (import "env" "proxy_close_stream" (func $close (param i32) (result i32)))
    (memory (export "memory") 1) ${EXPORTS}
    (data (i32.const 64) "cluster\\00compress") (data (i32.const 256) "${CALL}")
    (func $read (drop (call $body (i32.const 4) (i32.const 0) (i32.const 100) (i32.const 16) (i32.const 20)))
      (drop (call $pairs (i32.const 6) (i32.const 16) (i32.const 20))) (drop (call $status (i32.const 24) (i32.const 16) (i32.const 20))))
    (func (export "proxy_on_configure") (param i32 i32) (result i32)
      (drop (call $register (i32.const 64) (i32.const 7) (i32.const 32))) (i32.const 1))
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
      (i32.store (i32.const 40) (local.get 0))
      (drop (call $http (i32.const 64) (i32.const 7) (i32.const 256) (i32.const 61) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1000) (i32.const 44)))
      (drop (call $grpc (i32.const 64) (i32.const 7) (i32.const 64) (i32.const 7) (i32.const 64) (i32.const 7) (i32.const 0) (i32.const 0) (i32.const 64) (i32.const 7) (i32.const 1000) (i32.const 48)))
      (drop (call $stream (i32.const 64) (i32.const 7) (i32.const 64) (i32.const 7) (i32.const 64) (i32.const 7) (i32.const 0) (i32.const 0) (i32.const 52)))
      (drop (call $send (i32.load (i32.const 52)) (i32.const 64) (i32.const 7) (i32.const 0)))
      (drop (call $enqueue (i32.load (i32.const 32)) (i32.const 64) (i32.const 7)))
      (drop (call $foreign (i32.const 72) (i32.const 8) (i32.const 64) (i32.const 7) (i32.const 16) (i32.const 20)))
      (i32.const 1))
    (func (export "proxy_on_http_call_response") (param i32 i32 i32 i32 i32) (call $read)
      (drop (call $context (i32.load (i32.const 40)))) (drop (call $continue (i32.const 0))))
    (func (export "proxy_on_grpc_receive_initial_metadata") (param i32 i32 i32) (call $read))
    (func (export "proxy_on_grpc_receive") (param i32 i32 i32) (call $read))
    (func (export "proxy_on_grpc_receive_trailing_metadata") (param i32 i32 i32) (call $read))
    (func (export "proxy_on_grpc_close") (param i32 i32 i32) (call $read) (drop (call $cancel (local.get 1))))
    (func (export "proxy_on_queue_ready") (param i32 i32) (drop (call $dequeue (local.get 1) (i32.const 16) (i32.const 20))))
    (func (export "proxy_on_foreign_function") (param i32 i32 i32) (call $read))
    (func (export "proxy_on_new_connection") (param i32) (result i32) (i32.const 0))
    (func (export "proxy_on_downstream_data") (param i32 i32 i32) (result i32)
      (drop (call $set_body (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 64) (i32.const 7))) (local.get 2))
    (func (export "proxy_on_upstream_data") (param i32 i32 i32) (result i32)
      (drop (call $body (i32.const 3) (i32.const 0) (local.get 1) (i32.const 16) (i32.const 20))) (i32.const 0))
    (func (export "proxy_on_downstream_connection_close") (param i32 i32))
    (func (export "proxy_on_upstream_connection_close") (param i32 i32) (drop (call $close (i32.const 2))))
    (func (export "proxy_on_log") (param i32)))`,
  "every-phase": `(module
    (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
    (import "env" "proxy_get_header_map_value" (func $get (param i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_add_header_map_value" (func $add (param i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_get_header_map_pairs" (func $pairs (param i32 i32 i32) (result i32)))
    (import "env" "proxy_set_header_map_pairs" (func $set_pairs (param i32 i32 i32) (result i32)))
    (import "env" "proxy_get_buffer_bytes" (func $body (param i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_set_buffer_bytes" (func $set_body (param i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_get_property" (func $property (param i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_set_tick_period_milliseconds" (func $period (param i32) (result i32)))
    (import "env" "proxy_set_effective_context" (func $context (param i32) (result i32)))
    (import "env" "proxy_continue_stream" (func $continue (param i32) (result i32)))
    (import "env" "proxy_send_local_response" (func $reply (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_set_shared_data" (func $share (param i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_define_metric" (func $metric (param i32 i32 i32 i32) (result i32)))
    (import "sluice" "policy_set_verdict" (func $verdict (param i32 i32 i32) (result i32)))
    (memory (export "memory") 1) ${EXPORTS}
    (data (i32.const 64) "x-a\\00value\\00plugin_name")
    (func (export "proxy_on_context_create") (param i32 i32))
    (func (export "proxy_on_configure") (param i32 i32) (result i32) (drop (call $period (i32.const 10))) (i32.const 1))
    (func (export "proxy_on_tick") (param i32)
      (if (i32.load (i32.const 256)) (then (drop (call $context (i32.load (i32.const 256)))) (drop (call $continue (i32.const 0))))))
    (func (export "policy_on_check") (param i32) (result i32)
      (drop (call $property (i32.const 74) (i32.const 11) (i32.const 16) (i32.const 20)))
      (drop (call $verdict (i32.const 7) (i32.const 68) (i32.const 5))) (i32.const 1))
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
      (drop (call $get (i32.const 0) (i32.const 64) (i32.const 3) (i32.const 16) (i32.const 20)))
      (drop (call $add (i32.const 0) (i32.const 64) (i32.const 3) (i32.const 68) (i32.const 5)))
      (drop (call $pairs (i32.const 0) (i32.const 24) (i32.const 28)))
      (drop (call $set_pairs (i32.const 0) (i32.load (i32.const 24)) (i32.load (i32.const 28))))
      (drop (call $share (i32.const 64) (i32.const 3) (i32.const 68) (i32.const 5) (i32.const 0)))
      (drop (call $metric (i32.const 0) (i32.const 64) (i32.const 3) (i32.const 32))) (i32.const 0))
    (func (export "proxy_on_request_body") (param i32 i32 i32) (result i32)
      (drop (call $body (i32.const 0) (i32.const 0) (local.get 1) (i32.const 16) (i32.const 20)))
      (drop (call $set_body (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 68) (i32.const 5))) (i32.const 0))
    (func (export "proxy_on_request_trailers") (param i32 i32) (result i32) (i32.const 0))
    (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
      (drop (call $log (i32.const 2) (i32.const 64) (i32.const 9))) (i32.const 0))
    (func (export "proxy_on_response_body") (param i32 i32 i32) (result i32) (i32.const 0))
    (func (export "proxy_on_response_trailers") (param i32 i32) (result i32) (i32.const 0))
    (func (export "policy_on_report") (param i32))
    (func (export "proxy_on_log") (param i32) (drop (call $log (i32.const 1) (i32.const 0) (i32.const 0))))
    (func (export "proxy_on_done") (param i32) (result i32) (i32.const 1))
    (func (export "proxy_on_delete") (param i32)))`,
  work: `(module (memory (export "memory") 2 16) ${EXPORTS}
    (type $unary (func (param i32) (result i32)))
    (table 8 32 funcref) (elem (i32.const 0) $fib $sum $even $odd)
    (global $count (mut i64) (i64.const 0)) (global $ratio (mut f64) (f64.const 1.5))
    (data $text "0123456789abcdef")
    (func $fib (type $unary)
      (if (i32.lt_s (local.get 0) (i32.const 2)) (then (return (local.get 0))))
      (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2)))))
    (func $sum (type $unary) (local i32)
      (loop $again (local.set 1 (i32.add (local.get 1) (local.get 0)))
        (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
      (local.get 1))
    (func $even (type $unary) (if (result i32) (local.get 0)
      (then (call $odd (i32.sub (local.get 0) (i32.const 1)))) (else (i32.const 1))))
    (func $odd (type $unary) (if (result i32) (local.get 0)
      (then (call $even (i32.sub (local.get 0) (i32.const 1)))) (else (i32.const 0))))
    (func $pair (param i32) (result i32 i64) (local.get 0) (i64.extend_i32_u (local.get 0)))
    (func $pick (param i32) (result i32)
      (block $c (block $b (block $a (br_table $a $b $c (local.get 0))) (return (i32.const 5))) (return (call $sum (i32.const 4))))
      (call_indirect (type $unary) (i32.const 9) (i32.and (local.get 0) (i32.const 3))))
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (local i32 i64 f32 v128)
      (memory.fill (i32.const 4000) (i32.const 7) (i32.const 300))
      (memory.copy (i32.const 70000) (i32.const 4000) (i32.const 200))
      (memory.init $text (i32.const 100) (i32.const 2) (i32.const 8))
      (i64.store (i32.const 4092) (i64.add (global.get $count) (i64.const 3)))
      (global.set $count (i64.load (i32.const 4092)))
      (global.set $ratio (f64.div (global.get $ratio) (f64.const 3)))
      (v128.store (i32.const 200) (i32x4.add (v128.const i32x4 1 2 3 4) (v128.load (i32.const 100))))
      (f32.store (i32.const 300) (f32.sqrt (f32.convert_i32_s (call $fib (i32.const 7)))))
      (call $pair (i32.const 3)) (local.set 4) (local.set 3)
      (drop (memory.grow (i32.const 1)))
      (drop (i32.add (call $pick (i32.const 0)) (i32.add (call $pick (i32.const 1)) (call $pick (i32.const 2)))))
      (select (i32.const 0) (i32.const 1) (call $even (i32.const 10)))))`,
  tables: `(module (memory (export "memory") 1) ${EXPORTS}
    (type $void (func))
    (table $t 4 20 funcref) (table $hosts 2 10 externref)
    (elem $e func $one $two) (elem declare func $one)
    (global $kept (mut funcref) (ref.null func))
    (func $one) (func $two (drop (table.size $t)))
    (func $s (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 2)))
    (start $s)
    (func (export "_initialize") (elem.drop $e))
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
      (table.set $t (i32.const 2) (ref.func $one))
      (table.fill $t (i32.const 3) (ref.null func) (i32.const 1))
      (table.copy $t $t (i32.const 1) (i32.const 0) (i32.const 1))
      (drop (table.grow $hosts (ref.null extern) (i32.const 3)))
      (global.set $kept (table.get $t (i32.const 0)))
      (call_indirect $t (type $void) (i32.const 0))
      (i32.const 0)))`,
  command: `(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1) ${EXPORTS}
    (data (i32.const 64) "\\50\\00\\00\\00\\05\\00\\00\\00") (data (i32.const 80) "hello")
    (func (export "_start") (drop (call $write (i32.const 1) (i32.const 64) (i32.const 1) (i32.const 16)))
      (drop (call $random (i32.const 200) (i32.const 64))) (drop (call $environ (i32.const 20) (i32.const 24)))
      (call $exit (i32.const 0)))
    (func (export "proxy_on_vm_start") (param i32 i32) (result i32) (i32.const 1))
    (func (export "proxy_on_request_body") (param i32 i32 i32) (result i32)
      (drop (call $write (i32.const 2) (i32.const 64) (i32.const 1) (i32.const 16))) (i32.const 1)))`,
};
