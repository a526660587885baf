// A name or a value that would split a message at the next hop is refused by every hostcall that takes a header, and changes
// nothing; what a header may hold comes through byte for byte.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Status, type Param } from "@sluice/abi/spec";
import { ready, call, type Argument } from "./kit/guest.ts";
import { REQUEST } from "./kit/callouts.ts";
import { EVERYTHING, exchangeIn, goodArguments, hostcallRow, ALL_HOSTCALLS } from "./kit/rows.ts";
import { callbackOf } from "./kit/table-guest.ts";

type Field = readonly [name: Uint8Array, value: Uint8Array];

/** Serialised maps are tables of strings elsewhere too. */
const OF_FIELDS = ALL_HOSTCALLS.filter(
  ({ params }) => params.some(({ type, name }) => type === "pairs" && name !== "table") || isOneField(params),
).map(({ name }) => name);

function isOneField(params: readonly Param[]): boolean {
  return params.map(({ name, type }) => `${name} ${type}`).join() === "mapType u32,key bytes,value bytes";
}

/** The good arguments, with this field among those of a request, or as the one that is written. */
function argumentsWith(hostcall: string, [name, value]: Field): Argument[] {
  const row = hostcallRow(hostcall);
  const good = goodArguments(row);
  if (isOneField(row.params)) return [0, name, value];
  let at = 0;
  return row.params.flatMap(({ type, name: param }): Argument[] => {
    const own = good.slice(at, at + (type === "outBytes" ? 2 : 1));
    at += own.length;
    const isRequest = hostcall === "proxy_http_call" && param === "headers";
    return type === "pairs" ? [pairsOf([...(isRequest ? REQUEST_FIELDS : []), [name, value]])] : own;
  });
}

const REQUEST_FIELDS: readonly Field[] = REQUEST.map(([name, value]) => [Buffer.from(name), Buffer.from(value)]);

function pairsOf(fields: readonly Field[]): Uint8Array {
  const head = Buffer.alloc(4 + fields.length * 8);
  head.writeUInt32LE(fields.length, 0);
  fields.forEach(([name, value], i) => {
    head.writeUInt32LE(name.length, 4 + i * 8);
    head.writeUInt32LE(value.length, 8 + i * 8);
  });
  const end = Uint8Array.of(0);
  return Buffer.concat([head, ...fields.flatMap(([name, value]) => [name, end, value, end])]);
}

function ask(hostcall: string, field: Field): { status: number; hasEffect: boolean } {
  const stream = exchangeIn(callbackOf(hostcallRow(hostcall)));
  const before = JSON.stringify(stream.state());
  const { guest, enter } = ready([call(hostcall, ...argumentsWith(hostcall, field))], {
    stream,
    in: callbackOf(hostcallRow(hostcall)),
    capabilities: EVERYTHING.capabilities,
    settings: EVERYTHING,
  });
  const { status } = enter();
  return { status, hasEffect: JSON.stringify(stream.state()) !== before || guest.callouts.length > 0 };
}

const REFUSALS: readonly number[] = [Status.BadArgument, Status.ParseFailure];
const name = Buffer.from("x-c");
const text = fc.uint8Array({ maxLength: 8 });
const splitting = fc
  .tuple(text, fc.constantFrom(0x0d, 0x0a, 0x00), text)
  .map(([before, byte, behind]) => Buffer.concat([before, Uint8Array.of(byte), behind]));

describe.each(OF_FIELDS)("%s", (hostcall) => {
  it("takes a field that splits nothing", () => {
    expect(ask(hostcall, [name, Buffer.from("plain")])).toEqual({ status: Status.Ok, hasEffect: true });
  });

  it("refuses a value with CR, LF or NUL, wherever it stands", () => {
    fc.assert(
      fc.property(splitting, (value) => {
        const { status, hasEffect } = ask(hostcall, [name, value]);
        expect([REFUSALS.includes(status), hasEffect]).toEqual([true, false]);
      }),
      { numRuns: 12 },
    );
  });

  it.each(["x\rc", "x\nc", "x\0c", "x c", "x:c", "", "x\u007f", "\u00fc"])("refuses the name %j", (bad) => {
    const { status, hasEffect } = ask(hostcall, [Buffer.from(bad), Buffer.from("plain")]);
    expect([REFUSALS.includes(status), hasEffect]).toEqual([true, false]);
  });
});

it("asks every hostcall that writes headers", () => {
  expect(OF_FIELDS).toEqual(
    expect.arrayContaining([
      "proxy_add_header_map_value",
      "proxy_replace_header_map_value",
      "proxy_set_header_map_pairs",
      "proxy_send_local_response",
      "proxy_http_call",
      "proxy_grpc_call",
      "proxy_grpc_stream",
      "policy_set_response",
    ]),
  );
});
