import { describe, expect, it } from "vitest";
import { ABI_VERSIONS } from "@sluice/abi/spec";
import { callbackRow, seen, seeingText, timesCalled } from "./kit/callback.ts";
import { Exchange } from "./kit/exchange.ts";
import { startGuest } from "./kit/guest.ts";
import { FIRST_STREAM, ROOT_CONTEXT } from "./kit/host.ts";
import { markerOf } from "./kit/rows.ts";

const row = callbackRow("proxy_on_context_create");
const text = seeingText(row, row.params, 0);

describe("proxy_on_context_create", () => {
  it.each(ABI_VERSIONS)("makes the root of no parent, and a stream of the root, in %s", (version) => {
    const guest = startGuest(text, {}, markerOf(version));
    expect(seen(guest, 2)).toEqual([ROOT_CONTEXT, 0]);
    expect(guest.createStream(new Exchange())).toBe(FIRST_STREAM);
    expect(seen(guest, 2)).toEqual([FIRST_STREAM, ROOT_CONTEXT]);
  });

  it("gives every stream an id of its own, that of a deleted one too", () => {
    const guest = startGuest(text);
    const ids = [1, 2, 3].map(() => guest.createStream(new Exchange()));
    guest.call("proxy_on_delete", ids[1]!);
    ids.push(guest.createStream(new Exchange()));
    expect([new Set([ROOT_CONTEXT, ...ids]).size, timesCalled(guest)]).toEqual([5, 5]);
  });

  it("need not be there", () => {
    const guest = startGuest("");
    expect(guest.createStream(new Exchange())).toBe(FIRST_STREAM);
  });

  it("ends the guest when it traps for a stream, and refuses it when it traps for the root", () => {
    const trapping = (when: string): string =>
      seeingText(row, row.params, 0, `(if (${when} (local.get 1)) (then (unreachable)))`);
    const guest = startGuest(trapping("i32.popcnt"));
    expect(() => guest.createStream(new Exchange())).toThrow(/proxy_on_context_create: unreachable/);
    expect(() => startGuest(trapping("i32.eqz"))).toThrow(/proxy_on_context_create: unreachable/);
  });
});
