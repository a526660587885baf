// Which status a call gets that is wrong in several ways: an enum before a pointer, a pointer before anything is looked up or
// done, an out pointer before anything that could not be taken back.
import { describe, expect, it } from "vitest";
import { Status, type HostcallRow, type Param } from "@sluice/abi/spec";
import { call, OUT, run, type Argument } from "./kit/guest.ts";
import { EVERYTHING, exchangeIn, goodArguments, ALL_HOSTCALLS } from "./kit/rows.ts";
import { callbackOf } from "./kit/table-guest.ts";

const PAGE = 65_536;
const NO_ENUM_VALUE = 99;
const INPUTS: readonly string[] = ["bytes", "pairs", "path"];

const isEnum = ({ enum: name }: Param): boolean => name !== undefined;
const isInput = ({ type }: Param): boolean => INPUTS.includes(type);
const isOut = ({ type }: Param): boolean => type.startsWith("out");

/** The good arguments with those in the place of some parameters that `change` gives. */
function argumentsWith(row: HostcallRow, change: (param: Param) => readonly Argument[] | null): Argument[] {
  const good = goodArguments(row);
  let at = 0;
  return row.params.flatMap((param) => {
    const own = good.slice(at, at + (param.type === "outBytes" ? 2 : 1));
    at += own.length;
    return change(param) ?? own;
  });
}

const badEnum = (param: Param) => (isEnum(param) ? [NO_ENUM_VALUE] : null);
const badInput = (param: Param) => (isInput(param) ? [PAGE, 1] : null);
const badOut = (param: Param) => (isOut(param) ? (param.type === "outBytes" ? [PAGE, PAGE] : [PAGE]) : null);
/** Names that nothing has. */
const unknown = (param: Param) => (param.type === "bytes" ? ["nothing has this name"] : null);

function ask(row: HostcallRow, ...changes: readonly ((param: Param) => readonly Argument[] | null)[]) {
  const args = argumentsWith(
    row,
    (param) => changes.map((change) => change(param)).find((each) => each !== null) ?? null,
  );
  const callback = callbackOf(row);
  const stream = exchangeIn(callback);
  const before = JSON.stringify(stream.state());
  const outcome = run([call(row.name, ...args)], {
    in: callback,
    stream,
    capabilities: EVERYTHING.capabilities,
    settings: EVERYTHING,
    abi: row.versions.includes("0.2.1") ? "0_2_1" : "0_1_0",
  });
  const isChanged = JSON.stringify(stream.state()) !== before || outcome.guest.callouts.length > 0;
  return { status: outcome.status, isChanged, isWritten: args.includes(OUT) && outcome.u32(0) !== null };
}

const rows = ALL_HOSTCALLS;
const withBoth = (first: typeof isEnum, second: typeof isEnum) =>
  rows.filter(({ params }) => params.some(first) && params.some(second));

describe("an enum value that does not exist is BadArgument", () => {
  it.each(rows.filter(({ params }) => params.some(isEnum)))("in $name, whatever else is wrong", (row) => {
    for (const changes of [[badEnum], [badEnum, badInput], [badEnum, badOut], [badEnum, badInput, badOut]]) {
      expect(ask(row, ...changes)).toEqual({ status: Status.BadArgument, isChanged: false, isWritten: false });
    }
  });
});

describe("bytes that are not memory are InvalidMemoryAccess", () => {
  it.each(rows.filter(({ params }) => params.some(isInput)))("in $name, before anything is done", (row) => {
    for (const changes of [[badInput], [badInput, badOut]]) {
      expect(ask(row, ...changes)).toEqual({ status: Status.InvalidMemoryAccess, isChanged: false, isWritten: false });
    }
  });
});

describe("an out pointer that is not memory", () => {
  it.each(withBoth(isInput, isOut))("leaves everything as it was: $name", (row) => {
    const { status, isChanged } = ask(row, badOut);
    expect([[Status.InvalidMemoryAccess, Status.NotFound].includes(status as never), isChanged]).toEqual([true, false]);
  });
});

describe("a name that nothing has", () => {
  it.each(withBoth(isInput, isOut))("writes nothing: $name", (row) => {
    const { status, isWritten } = ask(row, unknown);
    expect(isWritten).toBe(status === Status.Ok);
  });
});
