import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { itIsMadeAsItsRowSays } from "./kit/callback.ts";
import { hearing, HTTP_ID, httpCall } from "./kit/callouts.ts";
import { call, OUT, run, startGuest } from "./kit/guest.ts";
import { callbackRow, seen, seeingText, timesCalled } from "./kit/callback.ts";
import { FIRST_STREAM, ROOT_CONTEXT } from "./kit/host.ts";

const NAME = "proxy_on_http_call_response";
const ANSWER = [
  [":status", "200"],
  ["x-b", "2"],
] as const;

const header = call("proxy_get_header_map_value", 6, "x-b", OUT, OUT);
const trailer = call("proxy_get_header_map_value", 7, "x-t", OUT, OUT);
const body = call("proxy_get_buffer_bytes", 4, 0, 100, OUT, OUT);
const status = call("proxy_get_status", OUT, OUT, OUT);

describe(NAME, () => {
  itIsMadeAsItsRowSays(NAME, { rest: [4, 3, 100, 2] });

  it("tells headers, body and trailers by number, which can be read meanwhile", () => {
    const outcome = run([httpCall()], hearing(NAME, header, body, trailer));
    outcome.guest.callouts[0]!.answer(ANSWER, "answered", [["x-t", "3"]]);
    const now = outcome.again();
    expect(now.statuses).toEqual([Status.Ok, Status.Ok, Status.Ok, Status.Ok]);
    expect([now.text(1), now.text(3), now.text(5)]).toEqual(["2", "answered", "3"]);
  });

  it("is told to the root, once, with what there is of each", () => {
    const row = callbackRow(NAME);
    const text = `(import "env" "proxy_http_call" (func $call (param ${"i32 ".repeat(10)}) (result i32)))
      (data (i32.const 1024) "backend")
      (data (i32.const 2048) "\\03\\00\\00\\00\\07\\00\\00\\00\\03\\00\\00\\00\\05\\00\\00\\00\\01\\00\\00\\00\\0a\\00\\00\\00\\01\\00\\00\\00:method\\00GET\\00:path\\00/\\00:authority\\00b\\00")
      (func (export "proxy_on_configure") (param i32 i32) (result i32)
        (i32.eqz (call $call ${[1024, 7, 2048, 61, 0, 0, 0, 0, 500, 32].map((value) => `(i32.const ${value})`).join(" ")})))
      ${seeingText(row, row.params, 0)}`;
    const guest = startGuest(text, { capabilities: ["callout"], clusters: ["backend"] });
    guest.callouts[0]!.answer(ANSWER, "answered", [["x-t", "3"]]);
    expect([seen(guest, 5), timesCalled(guest)]).toEqual([[ROOT_CONTEXT, HTTP_ID, 2, 8, 1], 1]);
  });

  it("keeps the answer readable when a stream is made the effective context", () => {
    const effective = call("proxy_set_effective_context", FIRST_STREAM);
    const outcome = run([httpCall()], hearing(NAME, effective, header, body));
    outcome.guest.callouts[0]!.answer(ANSWER, "answered");
    const now = outcome.again();
    expect([now.statuses, now.text(1), now.text(3)]).toEqual([[0, 0, 0, 0], "2", "answered"]);
  });

  it("is 0, 0 and 0 when no whole answer came, and proxy_get_status says why", () => {
    const outcome = run([httpCall()], hearing(NAME, header, body, status));
    outcome.guest.callouts[0]!.fail("reset");
    const now = outcome.again();
    expect(now.statuses.slice(1)).toEqual([Status.BadArgument, Status.NotFound, Status.Ok]);
    expect([now.u32(5), now.text(6)]).toEqual([Status.BrokenConnection, "reset"]);
  });

  it("has an answer that may only be read", () => {
    const outcome = run(
      [httpCall()],
      hearing(
        NAME,
        call("proxy_add_header_map_value", 6, "x", "y"),
        call("proxy_remove_header_map_value", 6, "x-b"),
        call("proxy_set_header_map_pairs", 7, ""),
        call("proxy_set_buffer_bytes", 4, 0, 0, "x"),
      ),
    );
    outcome.guest.callouts[0]!.answer(ANSWER, "answered");
    expect(outcome.again().statuses.slice(1)).toEqual(Array.from({ length: 4 }, () => Status.BadArgument));
  });

  it("has no trailers when none came", () => {
    const outcome = run([httpCall()], hearing(NAME, trailer, call("proxy_get_header_map_pairs", 7, OUT, OUT)));
    outcome.guest.callouts[0]!.answer(ANSWER, "");
    const now = outcome.again();
    expect([now.statuses.slice(1), now.u32(3), now.u32(4)]).toEqual([[Status.BadArgument, Status.Ok], 0, 0]);
  });

  it("is over when it has returned: nothing of the answer can be read any more", () => {
    const outcome = run([httpCall(), header, body], { ...hearing(NAME), in: "proxy_on_request_headers" });
    outcome.guest.callouts[0]!.answer(ANSWER, "answered");
    outcome.guest.call("proxy_on_request_headers", FIRST_STREAM);
    expect(outcome.again().statuses).toEqual([Status.Ok, Status.BadArgument, Status.NotFound]);
  });

  it("may be answered by another call, whose answer comes too", () => {
    const outcome = run([httpCall()], hearing(NAME, httpCall()));
    outcome.guest.callouts[0]!.answer(ANSWER, "");
    expect([outcome.again().u32(1), outcome.guest.callouts.length]).toEqual([8, 2]);
    outcome.guest.callouts[1]!.fail("timeout");
    expect(outcome.guest.callouts.length).toBe(3);
  });

  it("comes though the stream that asked is gone", () => {
    const outcome = run([httpCall()], hearing(NAME, call("proxy_log", 2, "told")));
    outcome.guest.call("proxy_on_delete", FIRST_STREAM);
    outcome.guest.callouts[0]!.answer(ANSWER, "");
    expect(outcome.logs.map(({ message }) => message)).toEqual(["told"]);
  });

  it("does not come to a guest that is over, whose callouts are cancelled", () => {
    const failing = run([httpCall()], hearing("proxy_on_request_body", call("proc_exit", 3)));
    expect(() => failing.guest.call("proxy_on_request_body", FIRST_STREAM)).toThrow(/proc_exit/);
    expect(failing.guest.callouts).toMatchObject([{ state: "cancelled" }]);
    failing.guest.callouts[0]!.answer(ANSWER, "");
    expect(failing.logs).toEqual([]);
  });
});
