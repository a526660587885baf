// What every hostcall must answer to a pointer that is not in memory and to a revision that was not granted it, derived from
// its row: each test file hands over one good call, and the bad ones are made from it.
import { expect, it } from "vitest";
import { HOSTCALLS, POLICY_HOSTCALLS, Status, wireParams } from "@sluice/abi/spec";
import { call, OUT, run, type Argument, type Call, type GuestOptions } from "./guest.ts";

const PAGE = 65_536;

export interface Misuse extends Omit<GuestOptions, "stream"> {
  /** Made new for each case, for a call may change it. */
  readonly stream?: () => NonNullable<GuestOptions["stream"]>;
  /** Calls in the same callback that make the good call good. */
  readonly before?: readonly Call[];
}

/** Cases for each pointer of a good call, and one without the capability. */
export function itRefusesMisuse(name: string, good: readonly Argument[], misuse: Misuse = {}): void {
  const row = [...HOSTCALLS, ...POLICY_HOSTCALLS].find((each) => each.name === name)!;
  const { before = [], stream, ...rest } = misuse;
  const options = (): GuestOptions => (stream === undefined ? rest : { ...rest, stream: stream() });

  it("answers Ok to the call that the misuses are made from", () => {
    expect(run([...before, call(name, ...good)], options()).statuses.at(-1)).toBe(Status.Ok);
  });

  const cases = good.flatMap((arg, i) =>
    badVersions(arg).map((bad) => [...good.slice(0, i), ...bad, ...good.slice(i + 1)]),
  );
  if (cases.length > 0) {
    it.each(cases.map((args) => ({ args, shown: shown(args) })))(
      "answers InvalidMemoryAccess to ($shown)",
      ({ args }) => {
        expect(run([...before, call(name, ...args)], options()).statuses.at(-1)).toBe(Status.InvalidMemoryAccess);
      },
    );
  }

  if (row.family !== "always") {
    it(`answers InternalFailure without the capability ${row.family}`, () => {
      const outcome = run([call(name, ...good)], { ...options(), capabilities: row.family === "log" ? [] : ["log"] });
      expect(outcome.status).toBe(Status.InternalFailure);
      if (row.family !== "log") expect(outcome.logs.at(-1)!.message).toContain(`capabilities: [${row.family}]`);
    });
  }

  it("is given as many values as the row says", () => {
    const values = good.reduce<number>(
      (sum, arg) => sum + (arg instanceof Uint8Array || typeof arg === "string" ? 2 : 1),
      0,
    );
    expect(values).toBe(wireParams(row.params).length);
  });
}

function badVersions(arg: Argument): Argument[][] {
  if (arg === OUT) return [[PAGE], [PAGE - 3], [-4]];
  if (typeof arg === "string" || arg instanceof Uint8Array)
    return [
      [PAGE - 2, 3],
      [PAGE + 1, 0],
      [-1, 2],
      [0, -1],
    ];
  return [];
}

function shown(args: readonly Argument[]): string {
  return args
    .map((arg) => (typeof arg === "symbol" ? "out" : JSON.stringify(typeof arg === "bigint" ? Number(arg) : arg)))
    .join(", ");
}
