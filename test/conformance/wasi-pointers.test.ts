// Random pointers, sizes and numbers into every WASI function that has behaviour: it succeeds or refuses, and writes nowhere but
// where it was told to.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Errno, WASI_FUNCTIONS, type HostcallRow, type WasiRow } from "@sluice/abi/spec";
import { hostUnderTest } from "./kit/host-under-test.ts";
import { EVERYTHING, exchangeIn } from "./kit/rows.ts";
import { callbackOf, OWN_BYTES, TableGuest, tableModule, valuesAt, type Values } from "./kit/table-guest.ts";

const PAGE = 65_536;
const CALLS = 48;
const ENVIRONMENT = { KEY1: "VALUE1", B: "" };
const ENVIRONMENT_BYTES = "KEY1=VALUE1\0B=\0".length;
const EMPTY = new Uint8Array(0);

type Range = readonly [at: number, length: number];

/** Where a call that succeeds writes. */
const WRITES: Readonly<Record<string, (...values: number[]) => readonly Range[]>> = {
  args_sizes_get: (count, bytes) => [
    [count!, 4],
    [bytes!, 4],
  ],
  environ_sizes_get: (count, bytes) => [
    [count!, 4],
    [bytes!, 4],
  ],
  environ_get: (pointers, buffer) => [
    [pointers!, 8],
    [buffer!, ENVIRONMENT_BYTES],
  ],
  clock_res_get: (_, out) => [[out!, 8]],
  clock_time_get: (_, _precision, out) => [[out!, 8]],
  fd_fdstat_get: (_, out) => [[out!, 24]],
  fd_pwrite: (_fd, _iovs, _length, _offset, out) => [[out!, 4]],
  fd_readdir: (_fd, _buf, _size, _cookie, out) => [[out!, 4]],
  fd_tell: (_, out) => [[out!, 8]],
  fd_write: (_fd, _iovs, _length, out) => [[out!, 4]],
  poll_oneoff: (_in, _out, _count, out) => [[out!, 4]],
  random_get: (buffer, size) => [[buffer!, size!]],
};

/** It says that there are no entries, and that this is no folder. */
const WRITES_AND_REFUSES: Readonly<Record<string, number>> = { fd_readdir: Errno.Notdir };

/** A row of WASI as one that a table's guest can call. */
function asHostcall({ name, params, family }: WasiRow): HostcallRow {
  const rest = {
    module: "env",
    versions: ["0.2.1"],
    result: "status",
    effect: "impure",
    prose: "",
  } as const;
  return { ...rest, name, params, family, statuses: [], callbacks: ["proxy_on_request_headers"] };
}

function problems(row: HostcallRow, rows: readonly Values[]): string[] {
  const settings = { ...EVERYTHING, environment: ENVIRONMENT, pluginConfig: EMPTY };
  const table = new TableGuest(hostUnderTest, row, tableModule(row, rows, EMPTY), settings);
  let before = table.guest.memory();
  return rows.flatMap((_, n) => {
    const values = valuesAt(before, row, n).map(Number);
    const { status, memory } = table.next(exchangeIn(callbackOf(row)));
    const mayWrite = status === (WRITES_AND_REFUSES[row.name] ?? Errno.Success);
    const told = mayWrite ? (WRITES[row.name]?.(...values) ?? []).filter(([, length]) => length > 0) : [];
    const call = `${row.name}(${values.join(", ")}) = ${status}`;
    if (told.some(([at, length]) => at + length > PAGE))
      return [`${call} though it is told to write where is no memory`];
    const left = Buffer.from(memory);
    for (const [at, length] of [[0, OWN_BYTES], ...told] as Range[]) left.set(before.subarray(at, at + length), at);
    const problem = left.equals(before) ? [] : [`${call} wrote elsewhere`];
    before = memory;
    return problem;
  });
}

const edge = fc.constantFrom(
  0,
  PAGE - 24,
  PAGE - 8,
  PAGE - 7,
  PAGE - 4,
  PAGE - 3,
  PAGE,
  PAGE + 1,
  2 ** 31,
  2 ** 32 - 1,
);
const number = fc.oneof(
  fc.nat(3),
  fc.integer({ min: OWN_BYTES, max: PAGE }),
  edge,
  fc.integer({ min: 0, max: 2 ** 32 - 1 }),
);
const outside = number.map((value) => (value > 3 && value < OWN_BYTES ? value + OWN_BYTES : value));
const behaving = WASI_FUNCTIONS.filter(({ fixed, name }) => fixed === null && name !== "proc_exit");

describe.each(behaving)("$name", (wasi) => {
  const row = asHostcall(wasi);
  it("succeeds or refuses, and writes nowhere else", () => {
    const values = fc.tuple(...row.params.map(({ type }) => (type === "i64" ? fc.constantFrom(0n, 1n, -1n) : outside)));
    fc.assert(
      fc.property(fc.array(values, { minLength: CALLS, maxLength: CALLS }), (rows) => {
        expect(problems(row, rows)).toEqual([]);
      }),
      { numRuns: 2 },
    );
  });
});

it("knows where each function writes that has an out pointer", () => {
  const writing = behaving.filter(({ params }) => params.some(({ name }) => /Out$|^argv|^environ|^buf$/.test(name)));
  expect(writing.map(({ name }) => name).filter((name) => WRITES[name] === undefined)).toEqual(["args_get"]);
});
