// What every callback has to be, derived from its row: the parameters a guest gets, in which order and in which version, what
// the host takes of its result, and what a guest without it is taken to say.
import { expect, it } from "vitest";
import { CALLBACKS, POLICY_CALLBACKS, POLICY_MARKER, type CallbackRow } from "@sluice/abi/spec";
import { Exchange } from "./exchange.ts";
import { startGuest } from "./guest.ts";
import { ROOT_CONTEXT, type HostedGuest } from "./host.ts";
import { isIn, markerOf, paramsIn } from "./rows.ts";

export interface CallbackUse {
  /** What its parameters behind the context are called with. */
  readonly rest: readonly number[];
  /** What a guest returns, and what the host takes that for; none for a callback without a result. */
  readonly results?: readonly (readonly [returned: number, taken: number])[];
  /** What a guest that does not export it is taken to say. */
  readonly absent?: number;
}

const SEEN_AT = 64;
const COUNT_AT = 60;

/** A callback that stores what it is given and returns `result`; `before` is text in front of that. */
export function seeingText(row: CallbackRow, params: readonly string[], result: number, before = ""): string {
  const stores = params.map((_, i) => `(i32.store (i32.const ${SEEN_AT + i * 4}) (local.get ${i}))`).join(" ");
  const marker = row.module === "sluice" ? `(func (export "${POLICY_MARKER}"))` : "";
  return `${marker} (func (export "${row.name}") (param ${params.map(() => "i32").join(" ")})
    ${row.result === null ? "" : "(result i32)"} ${before} ${stores}
    (i32.store (i32.const ${COUNT_AT}) (i32.add (i32.load (i32.const ${COUNT_AT})) (i32.const 1)))
    ${row.result === null ? "" : `(i32.const ${result})`})`;
}

/** What the last call gave. */
export function seen(guest: HostedGuest, count: number): number[] {
  const { buffer, byteOffset } = guest.memory();
  const view = new DataView(buffer, byteOffset);
  return Array.from({ length: count }, (_, i) => view.getUint32(SEEN_AT + i * 4, true));
}

/** How often it was called. */
export function timesCalled(guest: HostedGuest): number {
  const { buffer, byteOffset } = guest.memory();
  return new DataView(buffer, byteOffset).getUint32(COUNT_AT, true);
}

export function callbackRow(name: string): CallbackRow {
  return [...CALLBACKS, ...POLICY_CALLBACKS].find((row) => row.name === name)!;
}

/** Cases for a callback that a host makes on a context that is there; those of a context's life have tests of their own. */
export function itIsMadeAsItsRowSays(name: string, { rest, results = [], absent = 0 }: CallbackUse): void {
  const row = callbackRow(name);
  // Arrivals are told to the root, also those that the row has for either.
  const contextOf = (guest: HostedGuest): number =>
    row.context === "stream" ? guest.createStream(new Exchange()) : ROOT_CONTEXT;

  it.each(row.versions)("gets what its row says, in that order, in %s", (version) => {
    const params = paramsIn(version, row);
    const guest = startGuest(seeingText(row, params, 0), {}, markerOf(version));
    const context = contextOf(guest);
    guest.call(name, context, ...rest);
    expect(seen(guest, params.length)).toEqual([context, ...rest].slice(0, params.length));
  });

  it("answers for a guest that does not export it", () => {
    const guest = startGuest("");
    expect(guest.call(name, contextOf(guest), ...rest)).toBe(absent);
  });

  if (results.length > 0) {
    it.each(results)("that returns %i is taken to say %i", (returned, taken) => {
      const guest = startGuest(seeingText(row, row.params, returned));
      expect(guest.call(name, contextOf(guest), ...rest)).toBe(taken);
    });
  }

  it("ends the guest when it traps", () => {
    const guest = startGuest(seeingText(row, row.params, 0, "(unreachable)"));
    const context = contextOf(guest);
    expect(() => guest.call(name, context, ...rest)).toThrow(/unreachable/);
    expect(timesCalled(guest)).toBe(0);
  });

  if (!isIn("0.1.0", row)) {
    it("is not called in 0.1.0, which does not have it", () => {
      const guest = startGuest(seeingText(row, row.params, 0), {}, "0_1_0");
      guest.call(name, contextOf(guest), ...rest);
      expect(timesCalled(guest)).toBe(0);
    });
  }
}
