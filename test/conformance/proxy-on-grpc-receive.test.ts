import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { itIsMadeAsItsRowSays } from "./kit/callback.ts";
import { grpcCall, grpcStream, hearing } from "./kit/callouts.ts";
import { call, OUT, run } from "./kit/guest.ts";
import { FIRST_STREAM } from "./kit/host.ts";

const NAME = "proxy_on_grpc_receive";
const message = call("proxy_get_buffer_bytes", 5, 0, 100, OUT, OUT);
const told = call("proxy_log", 2, "told");

describe(NAME, () => {
  itIsMadeAsItsRowSays(NAME, { rest: [5, 100] });

  it.each([
    { kind: "a call", asked: grpcCall() },
    { kind: "a stream", asked: grpcStream() },
  ])("brings a message of $kind, readable meanwhile", ({ asked }) => {
    const outcome = run([asked], hearing(NAME, call("proxy_set_effective_context", FIRST_STREAM), message));
    outcome.guest.callouts[0]!.tell({ message: "answer" });
    const now = outcome.again();
    expect([now.statuses, now.text(1)]).toEqual([[0, 0, 0], "answer"]);
  });

  it("brings every message of a stream, in order", () => {
    const outcome = run([grpcStream()], hearing(NAME, message));
    const texts = ["one", "two", "three"].map((text) => {
      outcome.guest.callouts[0]!.tell({ message: text });
      return outcome.again().text(1);
    });
    expect(texts).toEqual(["one", "two", "three"]);
  });

  it("brings one message of a call, which then is over", () => {
    const outcome = run([grpcCall()], hearing(NAME, told));
    outcome.guest.callouts[0]!.tell({ message: "answer", closed: [0, ""] });
    outcome.guest.callouts[0]!.tell({ message: "another" });
    expect(outcome.logs.length).toBe(1);
  });

  it("gives an empty message as address 0 and size 0", () => {
    const outcome = run([grpcStream()], hearing(NAME, message));
    outcome.guest.callouts[0]!.tell({ message: "" });
    const now = outcome.again();
    expect([now.statuses[1], now.u32(1), now.u32(2)]).toEqual([Status.Ok, 0, 0]);
  });

  it("has a message that may only be read", () => {
    const outcome = run([grpcStream()], hearing(NAME, call("proxy_set_buffer_bytes", 5, 0, 0, "x")));
    outcome.guest.callouts[0]!.tell({ message: "answer" });
    expect(outcome.again().statuses[1]).toBe(Status.BadArgument);
  });
});
