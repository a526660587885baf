// `sluice.<hostcall>`: the policy hostcalls for SDKs that do not know them. The call is made as if the filter had made it: its
// arguments stand in the guest's memory already, and its results go to a scratch block there, whatever the row says.
//
//   arguments   in the row's order: numbers as 4 bytes (i64: 8), texts as their length in 4 bytes and themselves; a text that
//               ends the arguments has no length. Little endian.
//   results     numbers in the row's order, or the one text.

import type { Caller } from "../host/caller.ts";
import { POLICY_TABLE } from "../hostcalls/policy-table.ts";
import { Status } from "../spec/enums.ts";
import { POLICY_HOSTCALLS } from "../spec/policy.ts";
import type { HostcallRow, ParamType } from "../spec/row.ts";

/** Where results go that are wanted: two addresses of the guest, 0 for one that is not. */
export interface ResultPlace {
  readonly ptrOut: number;
  readonly sizeOut: number;
}

/** Makes the call with arguments at [at, at + size), which is in memory, and writes results when it is Ok. */
export type PolicyFunction = (guest: Caller, at: number, size: number, results: ResultPlace) => number;

const PREFIX = "sluice.";
/** Bytes of a result in the scratch block. */
const LENGTHS: Readonly<Partial<Record<ParamType, number>>> = { outU32: 4, outU64: 8, outI64: 8, outBytes: 8 };

/** null: no policy hostcall of that name. */
export function policyFunction(name: string): PolicyFunction | null {
  return name.startsWith(PREFIX) ? (FUNCTIONS.get(name.slice(PREFIX.length)) ?? null) : null;
}

type Hostcall = (...args: number[]) => number;

const FUNCTIONS: ReadonlyMap<string, PolicyFunction> = new Map(
  POLICY_HOSTCALLS.map((row) => [row.name, functionOf(row, POLICY_TABLE[row.name as keyof typeof POLICY_TABLE])]),
);

function functionOf(row: HostcallRow, hostcall: unknown): PolicyFunction {
  const inputs = row.params.filter(({ type }) => !type.startsWith("out")).map(({ type }) => type);
  const outputs = row.params.slice(inputs.length).map(({ type }) => type);
  const resultBytes = outputs.reduce((sum, type) => sum + LENGTHS[type]!, 0);
  const isText = outputs[0] === "outBytes";
  return (guest, at, size, { ptrOut, sizeOut }) => {
    if (!isGranted(guest, row)) return Status.InternalFailure;
    // A block that nobody is told of would never be freed.
    if (isText && (ptrOut === 0 || sizeOut === 0)) return Status.BadArgument;
    const values = readArguments(guest, inputs, at, size);
    if (values === null) return Status.BadArgument;
    const scratch = resultBytes === 0 ? 0 : guest.scratch();
    if (scratch < 0) return Status.InvalidMemoryAccess;
    const status = (hostcall as Hostcall)(...values, ...outputPointers(outputs, scratch));
    if (status !== Status.Ok) return status;
    if (!isText) return guest.returnWanted(guest.copy(scratch, resultBytes), ptrOut, sizeOut);
    guest.setU32(ptrOut, guest.view.getUint32(scratch, true));
    guest.setU32(sizeOut, guest.view.getUint32(scratch + 4, true));
    return Status.Ok;
  };
}

/** The family of the hostcall itself: `foreign` alone must not open another door. */
function isGranted({ scope }: Caller, { name, family }: HostcallRow): boolean {
  if (family === "always" || scope.spec.capabilities.includes(family)) return true;
  scope.logOnce(
    `grant ${family}`,
    WARN,
    `sluice.${name} was refused: the revision in slot ${scope.spec.slot} has no grant for it; add to the revision: capabilities: [${family}]`,
  );
  return false;
}

const WARN = 3;

/** The wire values; null when the bytes are too few or too many for them. */
function readArguments(guest: Caller, types: readonly ParamType[], at: number, size: number): number[] | null {
  const { view } = guest;
  const end = at + size;
  const values: number[] = [];
  let next = at;
  for (const [i, type] of types.entries()) {
    if (type === "u32" || type === "i32") {
      if (next + 4 > end) return null;
      values.push(view.getInt32(next, true));
      next += 4;
      continue;
    }
    const isLast = i === types.length - 1;
    if (!isLast && next + 4 > end) return null;
    const length = isLast ? end - next : view.getUint32(next, true);
    if (!isLast) next += 4;
    if (length > end - next) return null;
    values.push(next, length);
    next += length;
  }
  return next === end ? values : null;
}

function outputPointers(types: readonly ParamType[], scratch: number): number[] {
  let at = scratch;
  return types.flatMap((type) => {
    const here = at;
    at += LENGTHS[type]!;
    return type === "outBytes" ? [here, here + 4] : [here];
  });
}
