import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { call, OUT, run } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";
import { PlainStream } from "./kit/plain-stream.ts";

const ROOT = 1;
const STREAM = 2;

describe("proxy_set_effective_context", () => {
  itRefusesMisuse("proxy_set_effective_context", [ROOT]);

  it.each([0, 99, -1])("answers BadArgument to id %i", (id) => {
    expect(run([call("proxy_set_effective_context", id)]).status).toBe(Status.BadArgument);
  });

  it("lets hostcalls mean another context until the callback returns", () => {
    const stream = new PlainStream({ requestHeaders: [["x-a", "1"]] });
    const get = call("proxy_get_header_map_value", 0, "x-a", OUT, OUT);
    const outcome = run(
      [get, call("proxy_set_effective_context", ROOT), get, call("proxy_set_effective_context", STREAM), get],
      { stream },
    );
    expect(outcome.statuses).toEqual([Status.Ok, Status.Ok, Status.BadArgument, Status.Ok, Status.Ok]);
    outcome.instance.requestHeaders(STREAM, 1, true);
    expect(outcome.statuses[0]).toBe(Status.Ok);
  });

  it("does not know a stream that was deleted", () => {
    const { instance } = run([], {});
    instance.delete(STREAM);
    expect(instance.streamsLive).toBe(0);
  });
});
