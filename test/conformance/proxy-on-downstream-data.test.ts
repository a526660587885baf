import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { itIsMadeAsItsRowSays } from "./kit/callback.ts";
import { Exchange } from "./kit/exchange.ts";
import { call, OUT, run } from "./kit/guest.ts";

const NAME = "proxy_on_downstream_data";
const get = (type: number) => call("proxy_get_buffer_bytes", type, 0, 100, OUT, OUT);
const stream = () => new Exchange({ downstreamData: "bytes" });

describe(NAME, () => {
  itIsMadeAsItsRowSays(NAME, {
    rest: [7, 1],
    results: [
      [0, 0],
      [1, 1],
      [2, 1],
      [-1, 1],
    ],
  });

  it("has its bytes readable, and no others", () => {
    const outcome = run([get(2), get(3), get(0)], { in: NAME, stream: stream() });
    expect([outcome.statuses, outcome.text(0)]).toEqual([[Status.Ok, Status.NotFound, Status.NotFound], "bytes"]);
  });

  it.each([
    { start: 0, size: 0, data: "more ", bytes: "more bytes" },
    { start: 0x7fff_ffff, size: 0, data: "!", bytes: "bytes!" },
    { start: 0, size: 100, data: "", bytes: "" },
  ])("lets $size bytes at $start be replaced", ({ start, size, data, bytes }) => {
    const set = call("proxy_set_buffer_bytes", 2, start, size, data);
    const outcome = run([set], { in: NAME, stream: stream() });
    expect([outcome.status, outcome.stream.bodyText(2)]).toEqual([Status.Ok, bytes]);
  });

  it("may steer the connection, once it has returned", () => {
    const calls = [call("proxy_continue_stream", 2), call("proxy_close_stream", 2)];
    const { statuses, stream: after } = run(calls, { in: NAME, stream: stream() });
    expect([statuses, after.steps]).toEqual([
      [Status.Ok, Status.Ok],
      ["continue 2", "close 2"],
    ]);
  });
});
