// A guest that makes one hostcall with arguments out of a table in its memory: the n-th callback takes the n-th row. The
// counter is no memory, so nothing a hostcall writes can change which row is next.
//
//   0 status of the last call   4 end of the blocks it was given   2048 table   8192 bytes to hand over
//   16384 out parameters        32768 blocks of its allocator, from there on again at each call
import { wireParams, type CallbackRow, type HostcallRow } from "@sluice/abi/spec";
import { BLOCKS_AT, DataSection, importText } from "./guest.ts";
import { ROOT_CONTEXT, type GuestSettings, type Host, type HostedGuest } from "./host.ts";
import type { Exchange } from "./exchange.ts";
import { preparationText, ALL_CALLBACKS } from "./rows.ts";
import { assemble } from "./wat.ts";

export const BYTES_AT = 8192;
export const OUTS_AT = 16_384;
export const OWN_BYTES = 8;
const TABLE_AT = 2048;
const PREPARED_BYTES_AT = 20_480;
const CELL_BYTES = 8;

export type Values = readonly (number | bigint)[];

/** Its module, which can be started again and again. */
export function tableModule(row: HostcallRow, rows: readonly Values[], bytes: Uint8Array): Uint8Array {
  return assemble(textOf(row, rows, bytes, callbackOf(row)));
}

/** Before each call it goes as many calls deep as the plugin's configuration has bytes. */
export class TableGuest {
  guest: HostedGuest;
  private readonly callback: string;
  private readonly startWith: (vmConfigBytes: number) => HostedGuest;
  private calls = 0;

  constructor(host: Host, row: HostcallRow, module: Uint8Array, settings: GuestSettings) {
    this.callback = callbackOf(row);
    this.startWith = (size) => host.start(module, { ...settings, vmConfig: new Uint8Array(size) });
    this.guest = this.startWith(0);
  }

  /** What a plugin does at configure it does once: every call is made in a guest of its own. */
  get isFresh(): boolean {
    return this.callback === CONFIGURE;
  }

  /** Makes the next row's call, where it may be for a stream over the exchange; its status, and the memory behind it. */
  next(exchange: Exchange): { status: number; memory: Uint8Array } {
    this.calls++;
    if (this.isFresh) this.guest = this.startWith(this.calls);
    else this.callFor(this.guest.createStream(exchange));
    const memory = this.guest.memory();
    return { status: new DataView(memory.buffer, memory.byteOffset).getUint32(0, true), memory };
  }

  private callFor(id: number): void {
    if (this.callback === CREATE) return;
    this.guest.call(this.callback, isOfRoot(this.callback) ? ROOT_CONTEXT : id);
    this.guest.call("proxy_on_delete", id);
  }
}

const CREATE = "proxy_on_context_create";
const CONFIGURE = "proxy_on_configure";
const PREFERRED = ["proxy_on_request_headers", "policy_on_check", "proxy_on_http_call_response", CREATE, CONFIGURE];

/** A callback that may make the call. */
export function callbackOf(row: HostcallRow): string {
  return PREFERRED.find((name) => row.callbacks.includes(name))!;
}

function rowOf(callback: string): CallbackRow {
  return ALL_CALLBACKS.find(({ name }) => name === callback)!;
}

function isOfRoot(callback: string): boolean {
  return rowOf(callback).context === "root";
}

/** The n-th row as it stands in the memory now. */
export function valuesAt(memory: Uint8Array, row: HostcallRow, n: number): Values {
  const view = new DataView(memory.buffer, memory.byteOffset);
  const params = wireParams(row.params);
  return params.map(({ type }, i) => {
    const at = TABLE_AT + (n * params.length + i) * CELL_BYTES;
    return type === "i64" ? view.getBigUint64(at, true) : view.getUint32(at, true);
  });
}

function textOf(row: HostcallRow, rows: readonly Values[], bytes: Uint8Array, callback: string): string {
  const params = wireParams(row.params);
  const loads = params.map(({ type }, i) => `(${type}.load offset=${i * CELL_BYTES} (local.get $row))`).join(" ");
  const data = new DataSection(PREPARED_BYTES_AT);
  const preparation = preparationText(row.name, data);
  return `(module
    ${importText(row.name)}
    ${row.name === EFFECTIVE ? "" : importText(EFFECTIVE)}
    ${preparation}
    (memory (export "memory") 1)
    (global $depth (mut i32) (i32.const 0))
    (global $n (mut i32) (i32.const 0))
    (global $row (mut i32) (i32.const ${TABLE_AT}))
    (global $rowBytes i32 (i32.const ${params.length * CELL_BYTES}))
    (global $next (mut i32) (i32.const ${BLOCKS_AT}))
    (func (export "proxy_abi_version_${row.versions.includes("0.2.1") ? "0_2_1" : "0_1_0"}"))
    (func (export "sluice_policy_abi_version_1"))
    (func (export "proxy_on_memory_allocate") (param $size i32) (result i32) (local $block i32)
      (local.set $block (global.get $next))
      (global.set $next (i32.add (global.get $next) (local.get $size)))
      (i32.store (i32.const 4) (global.get $next))
      (local.get $block))
    (func $ask (local $row i32)
      (local.set $row (global.get $row))
      (global.set $row (i32.add (local.get $row) (global.get $rowBytes)))
      (global.set $next (i32.const ${BLOCKS_AT}))
      (i32.store (i32.const 4) (i32.const ${BLOCKS_AT}))
      (i32.store (i32.const 0) (call $${row.name} ${loads})))
    (func $deep (param $calls i32)
      (if (local.get $calls) (then (call $deep (i32.sub (local.get $calls) (i32.const 1)))) (else (call $ask))))
    (func (export "proxy_on_vm_start") (param $root i32) (param $size i32) (result i32)
      (global.set $n (local.get $size)) (i32.const 1))
    (func (export "proxy_on_configure") (param $root i32) (param $size i32) (result i32)
      (global.set $depth (local.get $size)) (call $prepare) ${callback === CONFIGURE ? NTH_CALL : ""} (i32.const 1))
    ${callback === CONFIGURE ? "" : callbackText(row, callback)}
    ${data.text}
    (data (i32.const ${TABLE_AT}) "${escaped(tableOf(rows))}")
    (data (i32.const ${BYTES_AT}) "${escaped(bytes)}"))`;
}

const EFFECTIVE = "proxy_set_effective_context";

/** The call of row n, counted from 1, where the VM's configuration has n bytes. */
const NTH_CALL = `(if (global.get $n) (then
  (global.set $row (i32.add (global.get $row) (i32.mul (i32.sub (global.get $n) (i32.const 1)) (global.get $rowBytes))))
  (call $deep (global.get $depth))))`;

function callbackText(row: HostcallRow, callback: string): string {
  const { params: names, paramsIn, result } = rowOf(callback);
  const params = row.versions.includes("0.2.1") ? names : (paramsIn?.["0.1.0"] ?? names);
  const made = "(call $deep (global.get $depth))";
  const body = callback === CREATE ? `(if (local.get 1) (then ${made}))` : made;
  const stream = `(global $stream (mut i32) (i32.const 0))`;
  const creating = `(func (export "${CREATE}") (param i32 i32) (global.set $stream (local.get 0)))`;
  const reach = isOfRoot(callback) ? `(drop (call $${EFFECTIVE} (global.get $stream)))` : "";
  return `${stream} ${callback === CREATE ? "" : creating}
    (func (export "${callback}") (param ${params.map(() => "i32").join(" ")}) ${result === null ? "" : "(result i32)"}
      ${reach} ${body} ${result === null ? "" : "(i32.const 0)"})`;
}

function tableOf(rows: readonly Values[]): Uint8Array {
  const values = rows.flat();
  const table = Buffer.alloc(values.length * CELL_BYTES);
  values.forEach((value, i) => table.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), i * CELL_BYTES));
  return table;
}

function escaped(bytes: Uint8Array): string {
  return [...bytes].map((byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("");
}
