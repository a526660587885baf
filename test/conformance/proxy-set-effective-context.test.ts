import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { call, OUT, run, STATUSES_AT } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";
import { Exchange } from "./kit/exchange.ts";

const ROOT = 1;
const STREAM = 2;

describe("proxy_set_effective_context", () => {
  itRefusesMisuse("proxy_set_effective_context", [ROOT]);

  it.each([0, 99, -1])("answers BadArgument to id %i", (id) => {
    expect(run([call("proxy_set_effective_context", id)]).status).toBe(Status.BadArgument);
  });

  it("lets hostcalls mean another context until the callback returns", () => {
    const stream = new Exchange({ requestHeaders: [["x-a", "1"]] });
    const get = call("proxy_get_header_map_value", 0, "x-a", OUT, OUT);
    const outcome = run(
      [get, call("proxy_set_effective_context", ROOT), get, call("proxy_set_effective_context", STREAM), get],
      { stream },
    );
    expect(outcome.statuses).toEqual([Status.Ok, Status.Ok, Status.BadArgument, Status.Ok, Status.Ok]);
    outcome.guest.call("proxy_on_request_headers", STREAM);
    expect(outcome.statuses[0]).toBe(Status.Ok);
  });

  it("does not know a stream that was deleted", () => {
    const { guest } = run([call("proxy_set_effective_context", STREAM)]);
    guest.call("proxy_on_delete", STREAM);
    expect(guest.createStream(new Exchange())).toBe(STREAM + 1);
    guest.call("proxy_on_request_headers", STREAM + 1);
    expect(new DataView(guest.memory().buffer).getUint32(STATUSES_AT, true)).toBe(Status.BadArgument);
  });
});
