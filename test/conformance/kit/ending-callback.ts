// What the three callbacks at a stream's end have in common: one parameter, once for a stream, and no say in what follows.
import { expect, it } from "vitest";
import { ABI_VERSIONS } from "@sluice/abi/spec";
import { callbackRow, seen, seeingText, timesCalled } from "./callback.ts";
import { Exchange } from "./exchange.ts";
import { startGuest } from "./guest.ts";
import { markerOf } from "./rows.ts";

export function itEndsAStream(name: string): void {
  const row = callbackRow(name);

  it.each(ABI_VERSIONS)("gets the stream's context in %s", (version) => {
    const guest = startGuest(seeingText(row, row.params, 1), {}, markerOf(version));
    const [first, second] = [guest.createStream(new Exchange()), guest.createStream(new Exchange())];
    guest.call(name, first);
    expect([seen(guest, 1), timesCalled(guest)]).toEqual([[first], 1]);
    guest.call(name, second);
    expect([seen(guest, 1), timesCalled(guest)]).toEqual([[second], 2]);
  });

  it("need not be there", () => {
    const guest = startGuest("");
    const id = guest.createStream(new Exchange());
    expect(() => guest.call(name, id)).not.toThrow();
  });

  it("says nothing that counts by its result for a stream", () => {
    const guest = startGuest(seeingText(row, row.params, 0));
    const exchange = new Exchange({ requestHeaders: [["a", "b"]] });
    const before = exchange.state();
    guest.call(name, guest.createStream(exchange));
    expect(exchange.state()).toEqual(before);
  });

  it("ends the guest when it traps", () => {
    const guest = startGuest(seeingText(row, row.params, 1, "(unreachable)"));
    const id = guest.createStream(new Exchange());
    expect(() => guest.call(name, id)).toThrow(/unreachable/);
  });
}
