// A hostcall with whatever pointers, sizes and numbers: its status follows from its row and from which ranges are memory,
// and not a byte is written but what its out parameters and its block are. The answer is a list of complaints.
import { ENUMS, Status, wireParams, type HostcallRow, type Param } from "@sluice/abi/spec";
import { BLOCKS_AT } from "./guest.ts";
import type { Host } from "./host.ts";
import { EVERYTHING, exchangeIn, statusesOf } from "./rows.ts";
import { callbackOf, OWN_BYTES, TableGuest, tableModule, valuesAt, type Values } from "./table-guest.ts";

/** Calls with these arguments, one after the other in one guest. */
export function pointerProblems(host: Host, row: HostcallRow, rows: readonly Values[], bytes: Uint8Array): string[] {
  const settings = { ...EVERYTHING, pluginConfig: new Uint8Array(0) };
  const table = new TableGuest(host, row, tableModule(row, rows, bytes), settings);
  let before = table.guest.memory();
  return rows.flatMap((_, n) => {
    const values = valuesAt(before, row, n);
    const exchange = exchangeIn(callbackOf(row));
    const untouched = JSON.stringify(exchange.state());
    const { status, memory: after } = table.next(exchange);
    const problems = [
      ...statusProblems(row, values, status, before.length),
      ...writeProblems(row, values, status, before, after),
    ];
    if (status !== Status.Ok && JSON.stringify(exchange.state()) !== untouched) problems.push("changes the exchange");
    if (!table.isFresh) before = after;
    return problems.map((problem) => `${row.name}(${values.join(", ")}) = ${status} ${problem}`);
  });
}

interface Range {
  readonly at: number;
  readonly length: number;
}

function statusProblems(row: HostcallRow, values: Values, status: number, memoryBytes: number): string[] {
  if (!statusesOf(row).includes(status)) return ["is not in its row"];
  const isInMemory = ({ at, length }: Range): boolean => at + length <= memoryBytes;
  const areInputs = inputsOf(row, values).every(isInMemory);
  const areOuts = outsOf(row, values).every(isInMemory);
  if (areInputs && areOuts) return status === Status.InvalidMemoryAccess ? ["though every range is memory"] : [];
  if (status === Status.Ok) return ["though a range is not memory"];
  const refusals: number[] = [Status.InvalidMemoryAccess, Status.BadArgument];
  return !areInputs && areEnumsGood(row, values) && !refusals.includes(status)
    ? ["though the bytes it is asked about are not memory"]
    : [];
}

/** What may have been written: on anything but Ok nothing. */
function writeProblems(
  row: HostcallRow,
  values: Values,
  status: number,
  before: Uint8Array,
  after: Uint8Array,
): string[] {
  const own: Range[] = [{ at: 0, length: OWN_BYTES }];
  const end = new DataView(after.buffer, after.byteOffset).getUint32(4, true);
  const allowed =
    status === Status.Ok ? [...own, ...outsOf(row, values), { at: BLOCKS_AT, length: end - BLOCKS_AT }] : own;
  const left = Buffer.from(after);
  for (const { at, length } of allowed) {
    if (at + length <= before.length) left.set(before.subarray(at, at + length), at);
  }
  if (left.equals(before)) return [];
  const first = left.findIndex((byte, at) => byte !== before[at]);
  return [`wrote at ${first}, which is none of its own`];
}

function eachParam<T>(row: HostcallRow, values: Values, look: (param: Param, wire: readonly number[]) => T[]): T[] {
  let at = 0;
  return row.params.flatMap((param) => {
    const count = wireParams([param]).length;
    const wire = values.slice(at, at + count).map(Number);
    at += count;
    return look(param, wire);
  });
}

const INPUTS: readonly string[] = ["bytes", "pairs", "path"];

function inputsOf(row: HostcallRow, values: Values): Range[] {
  return eachParam(row, values, ({ type }, [at, length]) =>
    INPUTS.includes(type) ? [{ at: at!, length: length! }] : [],
  );
}

function outsOf(row: HostcallRow, values: Values): Range[] {
  return eachParam(row, values, ({ type }, wire) =>
    type.startsWith("out") ? wire.map((at) => ({ at, length: type === "outU64" || type === "outI64" ? 8 : 4 })) : [],
  );
}

function areEnumsGood(row: HostcallRow, values: Values): boolean {
  return eachParam(row, values, (param, [value]) => {
    const names = ENUMS.find(({ name }) => name === param.enum);
    return names === undefined ? [] : [Object.values(names.values).includes(value!)];
  }).every((isGood) => isGood);
}
