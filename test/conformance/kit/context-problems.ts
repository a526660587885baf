// One hostcall of one version in every callback and at the two moments that are none, in guests made from its row: what
// it answers there, and whether it keeps to the row.
import { ANY, ARRIVALS, MOMENTS, type AbiVersion, type CallbackRow, type HostcallRow } from "@sluice/abi/spec";
import { ALLOCATORS, BLOCKS_AT, call, callText, DataSection, importText } from "./guest.ts";
import { ROOT_CONTEXT, type Host, type HostedGuest } from "./host.ts";
import {
  EVERYTHING,
  exchangeIn,
  goodArguments,
  preparationText,
  isIn,
  markerOf,
  paramsIn,
  ALL_CALLBACKS,
  statusesOf,
} from "./rows.ts";
import { assemble } from "./wat.ts";

/** The hostcall made once: where, and what came of it. */
export interface Asked {
  /** A callback, `start` or `allocator`; the root's context_create is told from a stream's. */
  readonly where: string;
  /** Null: it ended the guest. */
  readonly status: number | null;
  /** What it changed of the exchange, as it was and as it is. */
  readonly changed: readonly [was: string, is: string] | null;
}

export const ROOT_CREATE = "proxy_on_context_create of the root";

/** At the two moments first, then in every callback that the version has. */
export function askEverywhere(host: Host, row: HostcallRow, version: AbiVersion): Asked[] {
  const guest = host.start(assemble(guestText(row, version)), EVERYTHING);
  const callbacks = ALL_CALLBACKS.filter((each) => isIn(version, each));
  return [
    ...MOMENTS.map((moment) => askAt(host, row, version, moment)),
    ...callbacks.flatMap((callback) => askIn(guest, callback)),
  ];
}

/** What is wrong with the answers; empty when the host keeps to the row. */
export function contextProblems(row: HostcallRow, asked: readonly Asked[]): string[] {
  return asked.flatMap((each) => problemsOf(row, each)).map((problem) => `${row.name} ${problem}`);
}

function problemsOf(row: HostcallRow, { where, status, changed }: Asked): string[] {
  const isAllowed = row.callbacks.includes(where === ROOT_CREATE ? CREATE : where);
  if ((MOMENTS as readonly string[]).includes(where)) {
    if (!isAllowed) return status === null ? [] : [`does not end a guest that makes it at ${where}`];
    if (status === null) return [`ends a guest that makes it at ${where}`];
  }
  if (status === NOT_CALLED) return [`was not made in ${where}: the host did not run it`];
  if (!statusesOf(row).includes(status!)) return [`answers ${status} in ${where}, which its row does not name`];
  if (isAllowed || changed === null) return [];
  return [`changes the exchange in ${where}, where its row does not allow it: ${changed[0]} became ${changed[1]}`];
}

const CREATE = "proxy_on_context_create";
const AT_START: readonly string[] = ["proxy_on_vm_start", "proxy_on_configure"];

/** Statuses by callback, behind them that of the root's context_create; no status looks like this. */
const CELLS_AT = 2048;
const ROOT_CREATE_CELL = CELLS_AT + ANY.length * 4;
const NOT_CALLED = 0xcccc_cccc;
/** Where a stream's context_create leaves its id, for root callbacks to make it the effective one. */
const STREAM_ID_AT = 8;

function askIn(guest: HostedGuest, { name }: CallbackRow): Asked[] {
  const own = (): number => statusAt(guest, cellOf(name));
  if (AT_START.includes(name)) return [{ where: name, status: own(), changed: null }];
  const exchange = exchangeIn(name);
  const before = JSON.stringify(exchange.state());
  const id = guest.createStream(exchange);
  // What the stream's own context_create did is part of what was before any other callback.
  const created = JSON.stringify(exchange.state());
  if (name === CREATE) {
    const root = { where: ROOT_CREATE, status: statusAt(guest, ROOT_CREATE_CELL), changed: null };
    return [root, { where: name, status: own(), changed: before === created ? null : [before, created] }];
  }
  guest.call(name, isArrival(name) ? ROOT_CONTEXT : id);
  const after = JSON.stringify(exchange.state());
  return [{ where: name, status: own(), changed: created === after ? null : [created, after] }];
}

function statusAt(guest: HostedGuest, cell: number): number {
  const { buffer, byteOffset } = guest.memory();
  return new DataView(buffer, byteOffset).getUint32(cell, true);
}

function cellOf(callback: string): number {
  return CELLS_AT + (ANY as readonly string[]).indexOf(callback) * 4;
}

/** Every callback makes the call and stores its status. Root callbacks make it for the stream that was created last. */
function guestText(row: HostcallRow, version: AbiVersion): string {
  const data = new DataSection();
  const made = callText(call(row.name, ...goodArguments(row)), 0, data);
  const preparation = preparationText(row.name, data);
  const cells = ANY.length + 1;
  return `(module
    ${importText(row.name)}
    ${row.name === EFFECTIVE ? "" : importText(EFFECTIVE)}
    ${preparation}
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const ${BLOCKS_AT}))
    (func (export "proxy_abi_version_${markerOf(version)}"))
    (func (export "sluice_policy_abi_version_1"))
    ${ALLOCATORS.bump}
    (func $ask (param $cell i32) ${made} (i32.store (local.get $cell) (i32.load (i32.const 0))))
    ${ALL_CALLBACKS.filter((each) => isIn(version, each))
      .map((each) => callbackText(each, version))
      .join("\n")}
    (data (i32.const ${CELLS_AT}) "${"\\cc".repeat(cells * 4)}")
    ${data.text})`;
}

const EFFECTIVE = "proxy_set_effective_context";

function callbackText(row: CallbackRow, version: AbiVersion): string {
  const params = paramsIn(version, row)
    .map(() => "i32")
    .join(" ");
  const result = row.result === null ? "" : "(result i32)";
  const answer = row.result === null ? "" : `(i32.const ${row.result === "bool" ? 1 : 0})`;
  return `(func (export "${row.name}") (param ${params}) ${result} ${bodyText(row)} ${answer})`;
}

/** What arrives from outside is told to the root, which reaches a stream through the effective context. */
function isArrival(callback: string): boolean {
  return (ARRIVALS as readonly string[]).includes(callback);
}

function bodyText({ name }: CallbackRow): string {
  const ask = (cell: number): string => `(call $ask (i32.const ${cell}))`;
  if (name === CREATE) {
    return `(if (local.get 1)
      (then (i32.store (i32.const ${STREAM_ID_AT}) (local.get 0)) ${ask(cellOf(name))})
      (else ${ask(ROOT_CREATE_CELL)}))`;
  }
  if (name === "proxy_on_configure") return `(call $prepare) ${ask(cellOf(name))}`;
  return `${isArrival(name) ? `(drop (call $${EFFECTIVE} (i32.load (i32.const ${STREAM_ID_AT}))))` : ""} ${ask(cellOf(name))}`;
}

function askAt(host: Host, row: HostcallRow, version: AbiVersion, moment: string): Asked {
  try {
    const guest = host.start(assemble(momentText(row, version, moment)), EVERYTHING);
    guest.call("proxy_on_request_headers", guest.createStream(exchangeIn("proxy_on_request_headers")));
    return { where: moment, status: statusAt(guest, 0), changed: null };
  } catch {
    return { where: moment, status: null, changed: null };
  }
}

/** The start function makes the call, or the allocator does, which a property makes the host ask. */
function momentText(row: HostcallRow, version: AbiVersion, moment: string): string {
  const data = new DataSection();
  const made = callText(call(row.name, ...goodArguments(row)), 0, data);
  data.put(PATH_AT, Buffer.from(PATH));
  return `(module
    ${importText(row.name)}
    ${row.name === "proxy_get_property" ? "" : importText("proxy_get_property")}
    (memory (export "memory") 1)
    (func (export "proxy_abi_version_${markerOf(version)}"))
    (func (export "_initialize") ${moment === "start" ? made : ""})
    (func (export "proxy_on_memory_allocate") (param i32) (result i32)
      ${moment === "start" ? "" : made} (i32.const ${BLOCKS_AT}))
    (func (export "proxy_on_request_headers") (param ${version === "0.1.0" ? "i32 i32" : "i32 i32 i32"}) (result i32)
      (drop (call $proxy_get_property ${[PATH_AT, PATH.length, 48, 52].map((value) => `(i32.const ${value})`).join(" ")}))
      (i32.const 0))
    (data (i32.const 0) "\\cc\\cc\\cc\\cc")
    ${data.text})`;
}

const PATH = "plugin_name";
const PATH_AT = 64;
