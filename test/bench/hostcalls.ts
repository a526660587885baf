// Hostcalls to measure, by capability family: a guest makes one CALLS times in a callback. Arguments are addresses of what the
// data section holds; OUT is where the host may write.

export interface MeasuredHostcall {
  readonly name: string;
  readonly family: string;
  readonly import: string;
  readonly types: string;
  /** Operands in the text format. */
  readonly args: string;
  /** In nanoseconds, null where the design names none. */
  readonly budget: number | null;
}

/** Calls of one hostcall in one callback. */
export const CALLS = 1000;

const NAME = "(i32.const 4096) (i32.const 12)";
const VALUE = "(i32.const 4112) (i32.const 32)";
const PATH = "(i32.const 4160) (i32.const 12)";
const OUT = "(i32.const 24) (i32.const 28)";
const SCALAR_NS_MAX = 50;
const READ_NS_MAX = 100;

export const HOSTCALLS: readonly MeasuredHostcall[] = [
  row("scalar (log level)", "log", "env proxy_get_log_level", "i32", "(i32.const 24)", SCALAR_NS_MAX),
  row("log line below the level", "log", "env proxy_log", "i32 i32 i32", `(i32.const 0) ${VALUE}`, SCALAR_NS_MAX),
  row("clock", "clock", "env proxy_get_current_time_nanoseconds", "i32", "(i32.const 24)", null),
  row(
    "metric increment",
    "metrics",
    "env proxy_increment_metric",
    "i32 i64",
    "(i32.load (i32.const 16)) (i64.const 1)",
    SCALAR_NS_MAX,
  ),
  row("effective context", "always", "env proxy_set_effective_context", "i32", "(i32.const 1)", SCALAR_NS_MAX),
  row(
    "header read, seventh of seven",
    "headers",
    "env proxy_get_header_map_value",
    "i32 i32 i32 i32 i32",
    `(i32.const 0) ${NAME} ${OUT}`,
    READ_NS_MAX,
  ),
  row(
    "header that is absent",
    "headers",
    "env proxy_get_header_map_value",
    "i32 i32 i32 i32 i32",
    `(i32.const 0) ${PATH} ${OUT}`,
    READ_NS_MAX,
  ),
  row(
    "header replace",
    "headers",
    "env proxy_replace_header_map_value",
    "i32 i32 i32 i32 i32",
    `(i32.const 0) ${NAME} ${VALUE}`,
    null,
  ),
  row("all seven headers", "headers", "env proxy_get_header_map_pairs", "i32 i32 i32", `(i32.const 0) ${OUT}`, null),
  row(
    "body read, 64 bytes",
    "body",
    "env proxy_get_buffer_bytes",
    "i32 i32 i32 i32 i32",
    `(i32.const 0) (i32.const 0) (i32.const 64) ${OUT}`,
    READ_NS_MAX,
  ),
  row("property (request.path)", "properties", "env proxy_get_property", "i32 i32 i32 i32", `${PATH} ${OUT}`, null),
  row(
    "attribute (request.headers[x])",
    "policy",
    "sluice policy_get",
    "i32 i32 i32",
    `(i32.load (i32.const 20)) ${OUT}`,
    READ_NS_MAX,
  ),
  row(
    "shared data, read 32 bytes",
    "sharedData",
    "env proxy_get_shared_data",
    "i32 i32 i32 i32 i32",
    `${NAME} ${OUT} (i32.const 32)`,
    null,
  ),
  row(
    "shared data, write 32 bytes",
    "sharedData",
    "env proxy_set_shared_data",
    "i32 i32 i32 i32 i32",
    `${NAME} ${VALUE} (i32.const 0)`,
    null,
  ),
];

// Six parameters: the rows read as a table.
function row(
  name: string,
  family: string,
  imported: string,
  types: string,
  args: string,
  budget: number | null,
): MeasuredHostcall {
  return { name, family, import: imported, types, args, budget };
}

/** A guest that makes the hostcall in its request-headers callback. Blocks it is given begin at 32768 in each callback anew. */
export function guestOf({ import: imported, types, args }: MeasuredHostcall): string {
  const [module, field] = imported.split(" ");
  return `(module
  (import "env" "proxy_define_metric" (func $define (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_shared_data" (func $keep (param i32 i32 i32 i32 i32) (result i32)))
  (import "sluice" "policy_attribute" (func $attribute (param i32 i32 i32) (result i32)))
  (import "${module}" "${field}" (func $call (param ${types}) (result i32)))
  (memory (export "memory") 4)
  (global $next (mut i32) (i32.const 0))
  (data (i32.const 4096) "x-request-id")
  (data (i32.const 4112) "0123456789abcdef0123456789abcdef")
  (data (i32.const 4160) "request\\00path")
  (data (i32.const 4176) "request.headers[x-role]")
  (func (export "proxy_abi_version_0_2_1"))
  (func (export "sluice_policy_abi_version_1"))
  (func (export "proxy_on_memory_allocate") (param $size i32) (result i32) (local $block i32)
    (local.set $block (global.get $next))
    (global.set $next (i32.add (global.get $next) (local.get $size)))
    (local.get $block))
  (func (export "proxy_on_configure") (param i32 i32) (result i32)
    (drop (call $define (i32.const 0) ${NAME} (i32.const 16)))
    (drop (call $attribute (i32.const 4176) (i32.const 23) (i32.const 20)))
    (drop (call $keep ${NAME} ${VALUE} (i32.const 0)))
    (i32.const 1))
  (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
    (local $left i32) (global.set $next (i32.const 32768)) (local.set $left (i32.const ${CALLS}))
    (loop $again (drop (call $call ${args}))
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (i32.const 0))
)`;
}
