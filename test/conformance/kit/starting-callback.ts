// What the two callbacks have in common by which a plugin starts: their parameters, and that false refuses it.
import { expect, it } from "vitest";
import { ABI_VERSIONS } from "@sluice/abi/spec";
import { callbackRow, seen, seeingText } from "./callback.ts";
import { startGuest } from "./guest.ts";
import { ROOT_CONTEXT, type GuestSettings } from "./host.ts";
import { markerOf } from "./rows.ts";

/** `sized`: settings under which it is told of seven bytes. */
export function itStartsThePlugin(name: string, sized: Partial<GuestSettings>): void {
  const row = callbackRow(name);
  const text = (result: number, before = ""): string => seeingText(row, row.params, result, before);

  it.each(ABI_VERSIONS)("gets the root context and the size of its configuration in %s", (version) => {
    expect(seen(startGuest(text(1), sized, markerOf(version)), 2)).toEqual([ROOT_CONTEXT, 7]);
  });

  it.each([1, 2, -1])("goes on when it returns %i", (result) => {
    expect(() => startGuest(text(result))).not.toThrow();
  });

  it("refuses the plugin when it returns 0", () => {
    expect(() => startGuest(text(0))).toThrow(`returned false from ${name}`);
  });

  it("is true when the guest does not export it", () => {
    expect(() => startGuest("")).not.toThrow();
  });

  it("refuses the plugin when it traps", () => {
    expect(() => startGuest(text(1, "(unreachable)"))).toThrow(`${name}: unreachable`);
  });
}
