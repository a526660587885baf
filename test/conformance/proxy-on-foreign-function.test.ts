import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { callbackRow, itIsMadeAsItsRowSays, seen, seeingText, timesCalled } from "./kit/callback.ts";
import { call, OUT, run, startGuest } from "./kit/guest.ts";
import { FIRST_STREAM, ROOT_CONTEXT } from "./kit/host.ts";

const NAME = "proxy_on_foreign_function";
const args = call("proxy_get_buffer_bytes", 8, 0, 100, OUT, OUT);

describe(NAME, () => {
  itIsMadeAsItsRowSays(NAME, { rest: [9, 16] });

  it("tells the root which function, and how long its arguments are", () => {
    const row = callbackRow(NAME);
    const guest = startGuest(seeingText(row, row.params, 0));
    guest.callForeign(7, "arguments");
    expect([seen(guest, 3), timesCalled(guest)]).toEqual([[ROOT_CONTEXT, 7, 9], 1]);
  });

  it("has the arguments readable, and only readable, until it returns", () => {
    const outcome = run([args], {
      later: { in: NAME, calls: [args, call("proxy_set_buffer_bytes", 8, 0, 0, "x")] },
    });
    outcome.guest.callForeign(7, "arguments");
    const now = outcome.again();
    expect([now.statuses, now.text(2)]).toEqual([[Status.NotFound, Status.Ok, Status.BadArgument], "arguments"]);
    outcome.guest.call("proxy_on_request_headers", FIRST_STREAM);
    expect(outcome.again().statuses[0]).toBe(Status.NotFound);
  });
});
