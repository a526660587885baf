// A guest that makes given hostcalls in a given callback. Its text is generated from the specification's rows: constants in,
// statuses out, bytes in the data section. What it saw is read from an image of its memory afterwards.
//
//   16 …        statuses of the calls, one i32 each          1024 …   out parameters, 8 bytes each, preset to 0xcc
//   4096 …      bytes handed to the host                     32768 …  blocks its allocator gave (bump)
import {
  CALLBACKS,
  ENV_FUNCTIONS,
  HOSTCALLS,
  POLICY_CALLBACKS,
  POLICY_HOSTCALLS,
  WASI_FUNCTIONS,
  WASI_MODULES,
  wireParams,
  type CapabilityFamily,
  type Param,
} from "@sluice/abi/spec";
import { Exchange } from "./exchange.ts";
import { ROOT_CONTEXT, type GuestSettings, type Host, type HostedGuest, type LogLine } from "./host.ts";
import { hostUnderTest } from "./host-under-test.ts";
import { PLAIN_SETTINGS } from "./sluice-host.ts";
import { assemble, guestModule } from "./wat.ts";

/** Where the statuses of the calls are, one after the other. */
export const STATUSES_AT = 16;
const OUTS_AT = 1024;
const OUT_BYTES = 8;
const BYTES_AT = 4096;
/** Where a bump allocator begins. */
export const BLOCKS_AT = 32_768;
const PRESET = 0xcc;

/** An argument that is a place for the host to write to. */
export const OUT = Symbol("out");

/** Strings and byte arrays stand for pointer and size; OUT for one out pointer; numbers and bigints for themselves. */
export type Argument = number | bigint | string | Uint8Array | typeof OUT;

export interface Call {
  readonly name: string;
  readonly args: readonly Argument[];
}

export function call(name: string, ...args: Argument[]): Call {
  return { name, args };
}

export interface GuestOptions {
  /** Callback that makes the calls; default proxy_on_request_headers. */
  readonly in?: string;
  /** More calls, in another callback, which the test makes happen. Their statuses and OUTs follow those of the first. */
  readonly later?: { readonly in: string; readonly calls: readonly Call[] };
  /** What the allocator does: gives blocks, none, or is not there. */
  readonly allocator?: "bump" | "growing" | "zero" | "none" | "outOfRange" | "trap";
  readonly abi?: "0_1_0" | "0_2_0" | "0_2_1";
  readonly capabilities?: readonly CapabilityFamily[];
  readonly stream?: Exchange;
  readonly settings?: Partial<GuestSettings>;
  /** More bytes in the guest's memory, by address. */
  readonly data?: readonly (readonly [at: number, bytes: Uint8Array | string])[];
  /** Which of WASI's two module names it imports from. */
  readonly wasiModule?: (typeof WASI_MODULES)[number];
  /** Default: the host under test. */
  readonly host?: Host;
}

/** What happened when the calls were made. */
export interface Outcome {
  readonly statuses: number[];
  /** Status of the only call. */
  readonly status: number;
  readonly memory: Uint8Array;
  readonly stream: Exchange;
  readonly guest: HostedGuest;
  readonly logs: readonly LogLine[];
  /** The n-th OUT as a u32; null when the host did not write there. */
  u32(out: number): number | null;
  u64(out: number): bigint;
  /** Two OUTs from the n-th on: the block they describe. */
  text(out: number): string;
  bytes(out: number): Uint8Array;
  /** What there is to read now, after more callbacks. */
  again(): Outcome;
}

/** A guest that is started and has not made its calls. */
export interface Ready {
  readonly guest: HostedGuest;
  /** The callback that makes them. */
  enter(): Outcome;
}

/** Starts a guest, makes the calls in the callback, reads what came of it. */
export function run(calls: readonly Call[], options: GuestOptions = {}): Outcome {
  return ready(calls, options).enter();
}

/** The same in two steps, for what shall be looked at when the calls end the guest. */
export function ready(calls: readonly Call[], options: GuestOptions = {}): Ready {
  const { in: callback = "proxy_on_request_headers", stream = new Exchange(), host = hostUnderTest } = options;
  const settings = { ...PLAIN_SETTINGS, ...options.settings };
  const capabilities = options.capabilities ?? settings.capabilities;
  const guest = host.start(guestBytes(calls, options), { ...settings, capabilities });
  return {
    guest,
    enter() {
      enterCallback(guest, callback, stream);
      return outcomeOf([...calls, ...(options.later?.calls ?? [])], guest, stream);
    },
  };
}

/** The module that makes the calls, for who starts it otherwise. */
export function guestBytes(calls: readonly Call[], options: GuestOptions = {}): Uint8Array {
  return assemble(guestText(calls, options.in ?? "proxy_on_request_headers", options));
}

/** Starts a guest of a test's own text, for what takes more than calls in one callback. */
export function startGuest(body: string, settings: Partial<GuestSettings> = {}, abi?: string): HostedGuest {
  return hostUnderTest.start(guestModule(body, abi), { ...PLAIN_SETTINGS, ...settings });
}

/** Those that were called when the guest was started. */
const AT_START: ReadonlySet<string> = new Set(["_initialize", "proxy_on_vm_start", "proxy_on_configure"]);
const CONTEXT_OF: ReadonlyMap<string, string> = new Map(
  [...CALLBACKS, ...POLICY_CALLBACKS].map(({ name, context }) => [name, context]),
);

/** Makes the context that the callback is of, and runs it; root contexts are there. */
function enterCallback(guest: HostedGuest, callback: string, stream: Exchange): void {
  if (AT_START.has(callback)) return;
  if (CONTEXT_OF.get(callback) === "root") {
    guest.call(callback, ROOT_CONTEXT);
    return;
  }
  const id = guest.createStream(stream);
  if (callback !== "proxy_on_context_create") guest.call(callback, id);
}

function outcomeOf(calls: readonly Call[], guest: HostedGuest, stream: Exchange): Outcome {
  const memory = guest.memory();
  const view = new DataView(memory.buffer, memory.byteOffset, memory.length);
  const statuses = calls.map((_, i) => view.getUint32(STATUSES_AT + i * 4, true));
  const at = (out: number): number => OUTS_AT + out * OUT_BYTES;
  const bytes = (out: number): Uint8Array => {
    const block = view.getUint32(at(out), true);
    return memory.slice(block, block + view.getUint32(at(out + 1), true));
  };
  return {
    guest,
    stream,
    logs: guest.logs,
    memory,
    statuses,
    status: statuses[0]!,
    u32: (out) => (memory[at(out)] === PRESET && memory[at(out) + 3] === PRESET ? null : view.getUint32(at(out), true)),
    u64: (out) => view.getBigUint64(at(out), true),
    text: (out) => Buffer.from(bytes(out)).toString("latin1"),
    bytes,
    again: () => outcomeOf(calls, guest, stream),
  };
}

function guestText(calls: readonly Call[], callback: string, options: GuestOptions): string {
  const { allocator = "bump", abi = "0_2_1" } = options;
  const later = options.later ?? { in: null, calls: [] };
  const data = new DataSection();
  const texts = [...calls, ...later.calls].map((each, i) => callText(each, STATUSES_AT + i * 4, data));
  for (const [at, bytes] of options.data ?? []) data.put(at, Buffer.from(bytes));
  const names = new Set([...calls, ...later.calls].map(({ name }) => name));
  return `(module
    ${[...names].map((name) => importText(name, options)).join("\n")}
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const ${BLOCKS_AT}))
    (func (export "proxy_abi_version_${abi}"))
    (func (export "sluice_policy_abi_version_1"))
    ${ALLOCATORS[allocator]}
    (func $calls ${texts.slice(0, calls.length).join("\n")})
    (func $later ${texts.slice(calls.length).join("\n")})
    ${callbackText(callback, abi, "$calls")}
    ${later.in === null ? "" : callbackText(later.in, abi, "$later")}
    (data (i32.const ${OUTS_AT}) "${`\\${PRESET.toString(16)}`.repeat(256)}")
    ${data.text}
  )`;
}

/** By what `GuestOptions.allocator` says; `bump` takes from the global `$next`. */
export const ALLOCATORS: Readonly<Record<NonNullable<GuestOptions["allocator"]>, string>> = {
  bump: `(func $allocate (export "proxy_on_memory_allocate") (param $size i32) (result i32) (local $block i32)
      (if (i32.eqz (local.get $size)) (then (unreachable)))
      (local.set $block (global.get $next))
      (global.set $next (i32.add (global.get $next) (local.get $size)))
      (local.get $block))`,
  growing: `(func (export "proxy_on_memory_allocate") (param i32) (result i32)
      (i32.mul (memory.grow (i32.const 1)) (i32.const 65536)))`,
  trap: '(func (export "proxy_on_memory_allocate") (param i32) (result i32) (unreachable))',
  zero: '(func (export "proxy_on_memory_allocate") (param i32) (result i32) (i32.const 0))',
  outOfRange: '(func (export "proxy_on_memory_allocate") (param i32) (result i32) (i32.const 0xffff))',
  none: "",
};

/** A call with constants, its status stored at `statusAt`. */
export function callText({ name, args }: Call, statusAt: number, data: DataSection): string {
  const { params: rowParams, result } = rowOf(name);
  const params = wireParams(rowParams);
  const values = args.flatMap((arg) => data.place(arg));
  if (values.length !== params.length) throw new Error(`${name} takes ${params.length} values, got ${values.length}`);
  const constants = values.map((value, i) => `(${params[i]!.type}.const ${value})`).join(" ");
  const made = `(call $${name} ${constants})`;
  if (result === null) return made;
  const status = result === "f64" ? `(i32.trunc_f64_s ${made})` : made;
  return `(i32.store (i32.const ${statusAt}) ${status})`;
}

/** Where arguments go: bytes one behind the other, out parameters in their row. */
export class DataSection {
  text = "";
  private at: number;
  private outs = 0;

  constructor(at = BYTES_AT) {
    this.at = at;
  }

  place(arg: Argument): (number | bigint)[] {
    if (arg === OUT) return [OUTS_AT + this.outs++ * OUT_BYTES];
    if (typeof arg === "number" || typeof arg === "bigint") return [arg];
    const bytes = Buffer.from(arg);
    const at = this.at;
    this.at += bytes.length;
    this.put(at, bytes);
    return [at, bytes.length];
  }

  put(at: number, bytes: Uint8Array): void {
    const escaped = [...bytes].map((byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("");
    this.text += `(data (i32.const ${at}) "${escaped}")\n`;
  }
}

/** The import of a hostcall, of WASI or of a compiler's helper, as `$name`. */
export function importText(name: string, options: GuestOptions = {}): string {
  const row = rowOf(name);
  const types = wireParams(row.params).map(({ type }) => type);
  const module = row.module === "wasi" ? (options.wasiModule ?? WASI_MODULES[0]) : row.module;
  const result = row.result === null ? "" : `(result ${row.result})`;
  return `(import "${module}" "${name}" (func $${name} (param ${types.join(" ")}) ${result}))`;
}

interface ImportRow {
  readonly module: "env" | "sluice" | "wasi";
  readonly params: readonly Param[];
  readonly result: "i32" | "f64" | null;
}

function rowOf(name: string): ImportRow {
  const hostcall = [...HOSTCALLS, ...POLICY_HOSTCALLS].find((row) => row.name === name);
  if (hostcall !== undefined) return { module: hostcall.module, params: hostcall.params, result: "i32" };
  const wasi = WASI_FUNCTIONS.find((row) => row.name === name);
  const row = wasi ?? ENV_FUNCTIONS.find((each) => each.name === name);
  if (row === undefined) throw new Error(`the specification has no function ${name}`);
  const result = row.result === "errno" ? "i32" : row.result;
  return { module: wasi === undefined ? "env" : "wasi", params: row.params, result };
}

function callbackText(name: string, abi: string, calls: string): string {
  if (name === "_initialize") return `(func (export "_initialize") (call ${calls}))`;
  const row = [...CALLBACKS, ...POLICY_CALLBACKS].find((each) => each.name === name)!;
  const params = abi === "0_1_0" ? (row.paramsIn?.["0.1.0"] ?? row.params) : row.params;
  const result = row.result === null ? "" : "(result i32)";
  const answer = row.result === null ? "" : `(i32.const ${row.result === "bool" ? 1 : 0})`;
  return `(func (export "${name}") (param ${params.map(() => "i32").join(" ")}) ${result} (call ${calls}) ${answer})`;
}
