import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { HTTP_ID, httpCall, MAY_CALL, REQUEST } from "./kit/callouts.ts";
import { call, OUT, ready, run, type Argument } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";
import { pairsOf } from "./kit/pairs.ts";

const CALLOUTS_OPEN_MAX = 256;

interface Asked {
  readonly cluster?: string;
  readonly headers?: Uint8Array;
  readonly body?: string;
  readonly trailers?: Uint8Array;
  readonly timeout?: number;
}

const ask = ({
  cluster = "backend",
  headers = pairsOf(REQUEST),
  body = "",
  trailers = pairsOf([]),
  timeout = 500,
}: Asked) =>
  run([call("proxy_http_call", ...([cluster, headers, body, trailers, timeout, OUT] as Argument[]))], MAY_CALL);

const without = (name: string): Uint8Array => pairsOf(REQUEST.filter(([each]) => each !== name));
const with_ = (...more: [string, string][]): Uint8Array => pairsOf([...REQUEST, ...more]);

describe("proxy_http_call", () => {
  itRefusesMisuse(
    "proxy_http_call",
    ["backend", pairsOf(REQUEST), "body", pairsOf([["x-t", "1"]]), 500, OUT],
    MAY_CALL,
  );

  it("sends cluster, headers, body, trailers and time once the callback has returned", () => {
    const outcome = ask({ body: "asked", trailers: pairsOf([["X-T", "1"]]) });
    expect([outcome.status, outcome.u32(0)]).toEqual([Status.Ok, HTTP_ID]);
    const [made] = outcome.guest.callouts;
    expect(made).toMatchObject({ kind: "http", cluster: "backend", sent: ["asked"], timeoutMs: 500, state: "open" });
    expect([made!.fields.toSorted(), made!.trailers]).toEqual([[...REQUEST].toSorted(), [["x-t", "1"]]]);
  });

  it("gives every call an id of its own, none of them 0", () => {
    const outcome = run([httpCall(), httpCall(), httpCall()], MAY_CALL);
    expect([0, 1, 2].map((out) => outcome.u32(out))).toEqual([4, 8, 12]);
  });

  it("may be made by the root while it configures", () => {
    const outcome = run([httpCall()], { ...MAY_CALL, in: "proxy_on_configure" });
    expect([outcome.status, outcome.guest.callouts.length]).toEqual([Status.Ok, 1]);
  });

  it("has asked nobody when the callback fails behind it", () => {
    const { guest, enter } = ready([httpCall(), call("proc_exit", 3)], MAY_CALL);
    expect(enter).toThrow(/proc_exit/);
    expect(guest.callouts).toEqual([]);
  });

  it.each([
    { asked: { cluster: "nowhere" }, remark: "a cluster that is not there" },
    { asked: { cluster: "" }, remark: "an empty name" },
    { asked: { headers: without(":method") }, remark: "no :method" },
    { asked: { headers: without(":path") }, remark: "no :path" },
    { asked: { headers: without(":authority") }, remark: "no :authority" },
    { asked: { headers: pairsOf([]) }, remark: "no headers" },
    {
      asked: {
        headers: pairsOf([
          [":method", "CONNECT"],
          [":path", "/"],
          [":authority", "a.test"],
        ]),
      },
      remark: "a tunnel",
    },
    { asked: { headers: with_([":path", "/b"]) }, remark: "a pseudo header twice" },
    { asked: { headers: with_([":status", "200"]) }, remark: "a response's pseudo header" },
    { asked: { headers: with_(["x", "a\r\nb"]) }, remark: "a line break in a value" },
    { asked: { headers: with_(["x", "a\nb"]) }, remark: "a line feed in a value" },
    { asked: { headers: with_(["x", "a\0b"]) }, remark: "a NUL in a value" },
    { asked: { headers: with_(["x y", "a"]) }, remark: "a space in a name" },
    { asked: { headers: with_(["", "a"]) }, remark: "an empty name of a header" },
    { asked: { headers: Uint8Array.from([1, 0, 0]) }, remark: "malformed headers" },
    { asked: { trailers: Uint8Array.from([1, 0, 0]) }, remark: "malformed trailers" },
    { asked: { trailers: pairsOf([[":path", "/"]]) }, remark: "a pseudo header in the trailers" },
    { asked: { trailers: pairsOf([["x", "a\nb"]]) }, remark: "a line feed in a trailer" },
    { asked: { timeout: -1 }, remark: "a negative time" },
    { asked: { timeout: 0x8000_0000 }, remark: "a time of 2³¹" },
  ])("answers BadArgument to $remark, sends nothing and writes no id", ({ asked }) => {
    const outcome = ask(asked);
    expect([outcome.status, outcome.u32(0), outcome.guest.callouts]).toEqual([Status.BadArgument, null, []]);
  });

  it.each([
    { timeout: 0, timeoutMs: 1000, remark: "0, which asks for none" },
    { timeout: 1, timeoutMs: 1, remark: "1" },
    { timeout: 0x7fff_ffff, timeoutMs: 60_000, remark: "the longest" },
  ])("waits $timeoutMs ms for $remark", ({ timeout, timeoutMs }) => {
    expect(ask({ timeout }).guest.callouts[0]!.timeoutMs).toBe(timeoutMs);
  });

  it("takes host as :authority, and leaves out what frames a message or is a hop's", () => {
    const headers = pairsOf([
      [":method", "POST"],
      [":path", "/a"],
      ["Host", "b.test"],
      ["Content-Length", "9"],
      ["transfer-encoding", "chunked"],
      ["connection", "x"],
      ["X-B", "2"],
    ]);
    const names = ask({ headers }).guest.callouts[0]!.fields;
    expect(Object.fromEntries(names)).toEqual({ ":method": "POST", ":path": "/a", ":authority": "b.test", "x-b": "2" });
  });

  it("answers InternalFailure to more than a guest may have open", () => {
    const calls = Array.from({ length: CALLOUTS_OPEN_MAX + 1 }, () =>
      call("proxy_http_call", "backend", pairsOf(REQUEST), "", "", 500, 2048),
    );
    const { statuses, guest } = run(calls, MAY_CALL);
    expect([statuses.at(-2), statuses.at(-1), guest.callouts.length]).toEqual([
      Status.Ok,
      Status.InternalFailure,
      CALLOUTS_OPEN_MAX,
    ]);
  });
});
