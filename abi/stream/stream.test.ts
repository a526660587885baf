import { describe, expect, it } from "vitest";
import { POOL_IDLE_MAX, POOL_INSTANCES_MAX } from "../host/limits.ts";
import { CAUSE } from "./cause.ts";
import { Stage } from "./fixtures/stage.ts";
import { INSTANCE_WAIT_MS_MAX, MIRRORS_MAX } from "./limits.ts";
import type { Guest, SlotOptions, StageSlot } from "./fixtures/stage.ts";

/** One row: with these slots and these events, the driver is told this. */
interface Row {
  readonly name: string;
  readonly slots: readonly StageSlot[];
  readonly events: readonly string[];
  readonly headers?: [string, string][];
  readonly slotMask?: number;
  readonly bodyBufferBytesMax?: number;
  readonly lines: readonly string[];
  readonly logs?: readonly string[];
  /** By slot: verdict, code, reason, error's cause. */
  readonly verdicts?: readonly string[];
  readonly flag?: string;
}

function rows(title: string, table: readonly Row[]): void {
  describe(title, () => {
    it.each(table)("$name", ({ slots, events, headers, slotMask, bodyBufferBytesMax, lines, logs, verdicts, flag }) => {
      const stage = new Stage(slots, {
        ...(headers && { headers }),
        ...(slotMask !== undefined && { slotMask }),
        ...(bodyBufferBytesMax !== undefined && { bodyBufferBytesMax }),
      });
      stage.play(events);
      expect(stage.lines()).toEqual(lines);
      if (logs !== undefined) expect(stage.logs()).toEqual(logs);
      if (verdicts !== undefined) expect(verdicts.map((_, i) => stage.verdict(i))).toEqual(verdicts);
      expect(stage.stream.flag).toBe(flag ?? null);
      stage.stream.end();
    });
  });
}

const logsAll: Guest = (g) =>
  g
    .on("check", g.log("check"))
    .on("requestHeaders", g.log("request headers"))
    .on("requestBody", g.log("request body"))
    .on("requestTrailers", g.log("request trailers"))
    .on("responseHeaders", g.log("response headers"))
    .on("responseBody", g.log("response body"))
    .on("responseTrailers", g.log("response trailers"))
    .on("report", g.log("report"))
    .on("log", g.log("log"))
    .on("done", g.log("done"))
    .on("delete", g.log("delete"));

/** Logs `name:phase` in check, headers and log phases. */
const named =
  (name: string): Guest =>
  (g) =>
    g
      .on("check", g.log(`${name}:check`))
      .on("requestHeaders", g.log(`${name}:request`))
      .on("responseHeaders", g.log(`${name}:response`))
      .on("log", g.log(`${name}:log`));

const pausesHeaders: Guest = (g) => g.on("requestHeaders", g.pause());
const seesBody: Guest = (g) => g.on("requestBody", g.logBody(0));
const buffersBody: Guest = (g) => g.on("requestBody", g.beforeEnd(g.pause()), g.logBody(0));
const denies: Guest = (g) => g.on("check", g.verdict(7, "closed"), g.result(2));
const traps: Guest = (g) => g.on("requestHeaders", g.trap());
/** Pauses at the headers; its tick lets the stream go. */
const resumesByTick: Guest = (g) =>
  g
    .on("configure", g.tickEvery(10))
    .on("requestHeaders", g.keepStream(), g.pause())
    .on("tick", g.actOnStream(), g.continueStream(0));

const DENIED = ["drop upstream", "< 403 content-type:text/plain content-length:10", '< "Forbidden\n" end'];
const UNAVAILABLE = [
  "drop upstream",
  "< 503 content-type:text/plain content-length:20",
  '< "Service Unavailable\n" end',
];

rows("Stream keeps the order of a request", [
  {
    name: "each slot's check, then its headers; the response in reverse; log, done, delete once",
    slots: [[named("a")], [named("b")]],
    events: ["headers end", "response end", "finish", "end"],
    lines: ["> GET /a end", "< 200 content-length:5 end"],
    logs: ["a:check", "a:request", "b:check", "b:request", "b:response", "a:response", "a:log", "b:log"],
  },
  {
    name: "every phase of a message with body and trailers",
    slots: [[logsAll]],
    events: ["headers", "data ab", "trailers", "response", "rdata cd", "rtrailers", "finish"],
    lines: ["> GET /a", '> "ab"', "> trailers x-t:1 end", "< 200", '< "cd"', "< trailers x-t:2 end"],
    logs: [
      "check",
      "request headers",
      "request body",
      "request trailers",
      "response headers",
      "response body",
      "response trailers",
      "report",
      "log",
    ],
  },
  {
    name: "a slot that the route does not name is not asked",
    slots: [[named("a")], [named("b")]],
    slotMask: 2,
    events: ["headers end", "response end", "finish"],
    lines: ["> GET /a end", "< 200 content-length:5 end"],
    logs: ["b:check", "b:request", "b:response", "b:log"],
  },
  {
    name: "done and delete come at the end, delete last",
    slots: [[(g) => g.on("log", g.log("log")).on("done", g.log("done")).on("delete", g.log("delete"))]],
    events: ["headers end", "response end", "end"],
    lines: ["> GET /a end", "< 200 content-length:5 end"],
    logs: ["log", "done", "delete"],
  },
]);

rows("Stream decides at the request's headers", [
  {
    name: "Continue: the next slot sees the edits",
    slots: [[(g) => g.on("requestHeaders", g.add(0, "x-a", "1"))]],
    events: ["headers end"],
    lines: ["> GET /a x-a:1 end"],
  },
  {
    name: "Pause: nothing goes on",
    slots: [[pausesHeaders], [named("b")]],
    events: ["headers end"],
    lines: [],
    logs: [],
  },
  {
    name: "Pause: body bytes wait unseen",
    slots: [[(g) => g.on("requestHeaders", g.pause()).on("requestBody", g.log("body"))]],
    events: ["headers", "data ab", "data cd end"],
    lines: [],
    logs: [],
  },
  {
    name: "continue_stream: head, then what was held in one callback, then the rest",
    slots: [[(g) => resumesByTick(g).on("requestBody", g.logBody(0))]],
    events: ["headers", "data ab", "data cd", "tick", "data ef end"],
    lines: ["> GET /a", '> "abcd"', '> "ef" end'],
    logs: ["abcd", "ef"],
  },
  {
    name: "continue_stream: held body and trailers of a filter without body callbacks",
    slots: [[resumesByTick]],
    events: ["headers", "data ab", "trailers", "tick"],
    lines: ["> GET /a", '> "ab"', "> trailers x-t:1 end"],
  },
  {
    name: "continue_stream in the callback that pauses: it does not pause",
    slots: [[(g) => g.on("requestHeaders", g.continueStream(0), g.pause())]],
    events: ["headers end"],
    lines: ["> GET /a end"],
  },
  {
    name: "continue_stream when nothing is paused: no effect",
    slots: [[(g) => resumesByTick(g).on("requestHeaders", g.keepStream())]],
    events: ["headers end", "tick", "tick"],
    lines: ["> GET /a end"],
  },
  {
    name: "continue_stream in a Continue callback: a later pause still holds",
    slots: [[(g) => g.on("requestHeaders", g.continueStream(0)).on("requestBody", g.pause())]],
    events: ["headers", "data ab"],
    lines: ["> GET /a"],
  },
  {
    name: "Pause at a later slot: earlier ones see body bytes",
    slots: [[seesBody], [pausesHeaders]],
    events: ["headers", "data ab"],
    lines: [],
    logs: ["ab"],
  },
  {
    name: "bodyWhilePaused: the body is read, then a header is set",
    slots: [
      [
        (g) =>
          g
            .on("requestHeaders", g.pause())
            .on("requestBody", g.beforeEnd(g.pause()), g.add(0, "x-len", "4"), g.logBody(0)),
        { bodyWhilePaused: true },
      ],
    ],
    events: ["headers", "data ab", "data cd end"],
    lines: ["> GET /a x-len:4", '> "abcd" end'],
    logs: ["abcd"],
  },
  {
    name: "bodyWhilePaused: a later slot that pauses at the headers holds the body too",
    slots: [[(g) => g.on("requestHeaders", g.pause()).on("requestBody"), { bodyWhilePaused: true }], [pausesHeaders]],
    events: ["headers", "data ab end"],
    lines: [],
  },
  {
    name: "nothing ever comes: 504 by the stream's idle time",
    slots: [[pausesHeaders]],
    events: ["headers end", "idle"],
    lines: ["drop upstream", "< 504 content-type:text/plain content-length:20", '< "stream idle timeout\n" end'],
    flag: "SI",
  },
  {
    name: "edits while paused count",
    slots: [[(g) => resumesByTick(g).on("tick", g.actOnStream(), g.add(0, "x-late", "1"), g.continueStream(0))]],
    events: ["headers end", "tick"],
    lines: ["> GET /a x-late:1 end"],
  },
  {
    name: "edits after the head went on are refused",
    slots: [[(g) => g.on("requestHeaders", g.keepStream()).on("requestBody", g.add(0, "x-late", "1"))]],
    events: ["headers", "data ab end"],
    lines: ["> GET /a", '> "ab" end'],
  },
]);

rows("Stream decides at the body", [
  {
    name: "Continue: the chunk goes on",
    slots: [[seesBody]],
    events: ["headers", "data ab", "data cd end"],
    lines: ["> GET /a", '> "ab"', '> "cd" end'],
    logs: ["ab", "cd"],
  },
  {
    name: "Pause: buffered, the next callback sees all of it",
    slots: [[buffersBody]],
    events: ["headers", "data ab", "data cd end"],
    lines: ["> GET /a", '> "abcd" end'],
    logs: ["abcd"],
  },
  {
    name: "the next slot sees what the one before lets go",
    slots: [[buffersBody], [seesBody]],
    events: ["headers", "data ab", "data cd end"],
    lines: ["> GET /a", '> "abcd" end'],
    logs: ["abcd", "abcd"],
  },
  {
    name: "a replaced body goes on, to the next slot too",
    slots: [[(g) => g.on("requestBody", g.setBody(0, "new"))], [seesBody]],
    events: ["headers", "data ab end"],
    lines: ["> GET /a", '> "new" end'],
    logs: ["new"],
  },
  {
    name: "a chunk that was cut short and is then not kept leaves nothing",
    slots: [[(g) => g.on("requestBody", g.beforeEnd(g.setBody(0, "x"), g.result(3)), g.logBody(0))]],
    events: ["headers", "data abcdef", "data gh", "data ij end"],
    lines: ["> GET /a", '> "ij" end'],
    logs: ["ij"],
  },
  {
    name: "over the limit: 413",
    slots: [[buffersBody]],
    bodyBufferBytesMax: 4,
    events: ["headers", "data abc", "data de", "data f end"],
    lines: [
      "> GET /a",
      "drop upstream",
      "< 413 content-type:text/plain content-length:18",
      '< "Payload Too Large\n" end',
    ],
    flag: "RLSE",
  },
  {
    name: "over the limit in a response: 500",
    slots: [[(g) => g.on("responseHeaders", g.pause()).on("responseBody", g.pause()), { bodyWhilePaused: true }]],
    bodyBufferBytesMax: 4,
    events: ["headers end", "response", "rdata abcde"],
    lines: [
      "> GET /a end",
      "drop upstream",
      "< 500 content-type:text/plain content-length:22",
      '< "Internal Server Error\n" end',
    ],
    flag: "RLSE",
  },
  {
    name: "Pause at the end, then continue_stream",
    slots: [
      [
        (g) =>
          g
            .on("configure", g.tickEvery(10))
            .on("requestBody", g.keepStream(), g.pause())
            .on("tick", g.actOnStream(), g.continueStream(0)),
      ],
    ],
    events: ["headers", "data ab end", "tick"],
    lines: ["> GET /a", '> "ab" end'],
  },
  {
    name: "trailers reach a filter that paused at the body, which lets both go",
    slots: [[(g) => g.on("requestBody", g.pause()).on("requestTrailers", g.logBody(0))]],
    events: ["headers", "data ab", "trailers"],
    lines: ["> GET /a", '> "ab"', "> trailers x-t:1 end"],
    logs: ["ab"],
  },
  {
    name: "trailers tell a filter without a trailers callback that the body is whole",
    slots: [[buffersBody]],
    events: ["headers", "data ab", "trailers"],
    lines: ["> GET /a", '> "ab"', "> trailers x-t:1 end"],
    logs: ["ab"],
  },
  {
    name: "Pause at the trailers: held with the body",
    slots: [[(g) => g.on("requestBody", g.pause()).on("requestTrailers", g.pause())]],
    events: ["headers", "data ab", "trailers"],
    lines: ["> GET /a"],
  },
  {
    name: "trailers added in the last body callback end the message",
    slots: [
      [(g) => g.on("requestBody", g.atEnd(g.add(1, "x-sum", "9")))],
      [(g) => g.on("requestTrailers", g.log("trailers"))],
    ],
    events: ["headers", "data ab end"],
    lines: ["> GET /a", '> "ab"', "> trailers x-sum:9 end"],
    logs: ["trailers"],
  },
  {
    name: "content-length goes when a filter may change the body",
    slots: [[(g) => g.on("responseBody", g.setBody(1, "longer than before"))]],
    events: ["headers end", "response", "rdata hello end"],
    lines: ["> GET /a end", "< 200", '< "longer than before" end'],
  },
  {
    name: "content-length stays when no filter sees the body",
    slots: [[(g) => g.on("responseHeaders")]],
    events: ["headers end", "response", "rdata hello end"],
    lines: ["> GET /a end", "< 200 content-length:5", '< "hello" end'],
  },
  {
    name: "a response body is held and let go in reverse order",
    slots: [
      [(g) => g.on("responseBody", g.logBody(1))],
      [(g) => g.on("responseBody", g.beforeEnd(g.pause()), g.setBody(1, "X"))],
    ],
    events: ["headers end", "response", "rdata a", "rdata b end"],
    lines: ["> GET /a end", "< 200", '< "X" end'],
    logs: ["X"],
  },
]);

rows("Stream replies in the upstream's place", [
  {
    name: "a local response at the request's headers passes the response phases of its sender",
    slots: [
      [(g) => named("a")(g)],
      [
        (g) =>
          g
            .on("requestHeaders", g.reply(418, "tea pot", "short"))
            .on("responseHeaders", g.log("b:response"), g.add(2, "x-b", "1")),
      ],
      [named("c")],
    ],
    events: ["headers end", "finish"],
    lines: ["drop upstream", "< 418 content-type:text/plain content-length:5 x-b:1", '< "short" end'],
    logs: ["a:check", "a:request", "b:response", "a:response", "a:log"],
    verdicts: ["noOpinion", "deny UNKNOWN tea_pot"],
    flag: "UAEX",
  },
  {
    name: "its result does not count: Continue stops too",
    slots: [[(g) => g.on("requestHeaders", g.reply(403, "no", ""), g.result(0))]],
    events: ["headers end"],
    lines: ["drop upstream", "< 403 content-length:0 end"],
    verdicts: ["deny PERMISSION_DENIED no"],
    flag: "UAEX",
  },
  {
    name: "the first one wins",
    slots: [[(g) => g.on("requestHeaders", g.reply(403, "first", ""), g.reply(404, "second", ""))]],
    events: ["headers end"],
    lines: ["drop upstream", "< 403 content-length:0 end"],
    verdicts: ["deny PERMISSION_DENIED first"],
    flag: "UAEX",
  },
  {
    name: "at the body, while nothing was sent",
    slots: [[(g) => g.on("requestBody", g.reply(400, "bad", ""))]],
    events: ["headers", "data ab", "data cd end", "response end"],
    lines: ["> GET /a", "drop upstream", "< 400 content-length:0 end"],
    verdicts: ["deny INVALID_ARGUMENT bad"],
    flag: "UAEX",
  },
  {
    name: "by a tick with the stream effective",
    slots: [
      [
        (g) =>
          g
            .on("configure", g.tickEvery(10))
            .on("requestHeaders", g.keepStream(), g.pause())
            .on("tick", g.actOnStream(), g.reply(401, "late", "")),
      ],
    ],
    events: ["headers end", "tick", "tick"],
    lines: ["drop upstream", "< 401 content-length:0 end"],
    verdicts: ["deny UNAUTHENTICATED late"],
    flag: "UAEX",
  },
  {
    name: "at the response's headers it replaces the upstream's answer; who has seen that is not shown another",
    slots: [[named("a")], [(g) => g.on("responseHeaders", g.reply(502, "", ""))], [named("c")]],
    events: ["headers end", "response", "rdata hello end", "finish"],
    lines: ["> GET /a end", "drop upstream", "< 502 content-length:0 end"],
    logs: ["a:check", "a:request", "c:check", "c:request", "c:response", "a:response", "a:log", "c:log"],
    verdicts: ["noOpinion", "noOpinion"],
  },
  {
    name: "after headers were sent: reset",
    slots: [[(g) => g.on("responseBody", g.reply(500, "late", ""))]],
    events: ["headers end", "response", "rdata hello end"],
    lines: ["> GET /a end", "< 200", "drop upstream", "reset LR"],
    flag: "LR",
  },
  {
    name: "a filter that pauses on the reply holds it",
    slots: [[(g) => g.on("requestHeaders", g.reply(403, "no", "body")).on("responseHeaders", g.pause())]],
    events: ["headers end"],
    lines: ["drop upstream"],
    flag: "UAEX",
  },
  {
    name: "close_stream resets",
    slots: [[(g) => g.on("requestHeaders", g.closeStream(0), g.pause())]],
    events: ["headers end"],
    lines: ["drop upstream", "reset LR"],
    flag: "LR",
  },
  {
    name: "in dry run it is recorded and does not stop",
    slots: [[(g) => g.on("requestHeaders", g.reply(403, "no", ""), g.pause()), { dryRun: true }]],
    events: ["headers end"],
    lines: ["> GET /a end"],
    verdicts: ["deny PERMISSION_DENIED no"],
  },
  {
    name: "in dry run close_stream does not reset",
    slots: [[(g) => g.on("requestHeaders", g.closeStream(0), g.pause()), { dryRun: true }]],
    events: ["headers end"],
    lines: ["> GET /a end"],
  },
  {
    name: "a gRPC client gets a status it can read",
    slots: [[denies]],
    headers: [["content-type", "application/grpc"]],
    events: ["headers"],
    lines: ["drop upstream", "< 200 content-type:application/grpc grpc-status:7 grpc-message:Forbidden%0A end"],
    flag: "UAEX",
  },
]);

rows("Stream asks checks", [
  {
    name: "allow",
    slots: [[(g) => g.on("check", g.result(1))]],
    events: ["headers end"],
    lines: ["> GET /a end"],
    verdicts: ["allow"],
  },
  {
    name: "no opinion",
    slots: [[(g) => g.on("check")]],
    events: ["headers end"],
    lines: ["> GET /a end"],
    verdicts: ["noOpinion"],
  },
  {
    name: "deny stops the chain; the reason stays in the record",
    slots: [[denies], [named("b")]],
    events: ["headers end"],
    lines: DENIED,
    logs: [],
    verdicts: ["deny PERMISSION_DENIED closed"],
    flag: "UAEX",
  },
  {
    name: "deny without a word is PERMISSION_DENIED",
    slots: [[(g) => g.on("check", g.result(2))]],
    events: ["headers end"],
    lines: DENIED,
    verdicts: ["deny PERMISSION_DENIED"],
    flag: "UAEX",
  },
  {
    name: "deny with UNAUTHENTICATED is a 401",
    slots: [[(g) => g.on("check", g.verdict(16, "who"), g.result(2))]],
    events: ["headers end"],
    lines: ["drop upstream", "< 401 content-type:text/plain content-length:13", '< "Unauthorized\n" end'],
    verdicts: ["deny UNAUTHENTICATED who"],
    flag: "UAEX",
  },
  {
    name: "deny with a response of its own",
    slots: [[(g) => g.on("check", g.response(451, "law"), g.result(2))]],
    events: ["headers end"],
    lines: ["drop upstream", "< 451 content-type:text/plain content-length:3", '< "law" end'],
    verdicts: ["deny PERMISSION_DENIED"],
    flag: "UAEX",
  },
  {
    name: "deny to a HEAD request has no body",
    slots: [[(g) => g.on("requestHeaders", g.replace(0, ":method", "HEAD"))], [denies]],
    events: ["headers end"],
    lines: ["drop upstream", "< 403 content-type:text/plain content-length:10 end"],
    flag: "UAEX",
  },
  {
    name: "a deny's reply passes the response phases of slots already reached",
    slots: [[named("a")], [denies], [named("c")]],
    events: ["headers end", "finish"],
    lines: DENIED,
    logs: ["a:check", "a:request", "a:response", "a:log"],
    flag: "UAEX",
  },
  {
    name: "error: 503 under FAIL_CLOSE",
    slots: [[(g) => g.on("check", g.result(3))]],
    events: ["headers end"],
    lines: UNAVAILABLE,
    verdicts: ["error error"],
    flag: "FI",
  },
  {
    name: "error: no opinion under FAIL_OPEN with the cause, never an allow",
    slots: [[(g) => g.on("check", g.result(3)), { failOpen: CAUSE.error }]],
    events: ["headers end"],
    lines: ["> GET /a end"],
    verdicts: ["noOpinion error"],
  },
  {
    name: "pending is not served: an error",
    slots: [[(g) => g.on("check", g.result(4))]],
    events: ["headers end"],
    lines: UNAVAILABLE,
    verdicts: ["error error"],
    flag: "FI",
  },
  {
    name: "requires check: no opinion is an error",
    slots: [[(g) => g.on("check"), { requiresCheck: true }]],
    events: ["headers end"],
    lines: UNAVAILABLE,
    verdicts: ["error error"],
    flag: "FI",
  },
  {
    name: "requires check: a module without the export is an error",
    slots: [[(g) => g.on("requestHeaders"), { requiresCheck: true }]],
    events: ["headers end"],
    lines: UNAVAILABLE,
    verdicts: ["error error"],
    flag: "FI",
  },
  {
    name: "dry run: a deny is recorded and does not stop",
    slots: [[denies, { dryRun: true }]],
    events: ["headers end"],
    lines: ["> GET /a end"],
    verdicts: ["deny PERMISSION_DENIED closed"],
  },
  {
    name: "dry run: a trap is recorded and does not stop",
    slots: [[(g) => g.on("check", g.trap()), { dryRun: true }]],
    events: ["headers end"],
    lines: ["> GET /a end"],
    verdicts: ["error trap"],
  },
]);

const readsRole: Guest = (g) => g.on("check", g.log("check"), g.read(0, "x-role"), g.result(1));

const deniesRole: Guest = (g) => g.on("check", g.whenHeader("x-role", g.verdict(7, "role"), g.result(2)), g.result(1));

rows("Stream asks a check again after an edit", [
  {
    name: "of a header it read, once",
    slots: [[readsRole], [(g) => g.on("requestHeaders", g.add(0, "x-role", "admin"))]],
    events: ["headers end"],
    lines: ["> GET /a x-role:admin end"],
    logs: ["check", "check"],
  },
  {
    name: "of the path, whatever it read",
    slots: [[readsRole], [(g) => g.on("requestHeaders", g.replace(0, ":path", "/b"))]],
    events: ["headers end"],
    lines: ["> GET /b end"],
    logs: ["check", "check"],
  },
  {
    name: "not of another header",
    slots: [[readsRole], [(g) => g.on("requestHeaders", g.add(0, "x-other", "1"))]],
    events: ["headers end"],
    lines: ["> GET /a x-other:1 end"],
    logs: ["check"],
  },
  {
    name: "not by the filter itself",
    slots: [[(g) => readsRole(g).on("requestHeaders", g.remove(0, "x-role"))]],
    headers: [["x-role", "a"]],
    events: ["headers end"],
    lines: ["> GET /a end"],
    logs: ["check"],
  },
  {
    name: "the second answer counts",
    slots: [[deniesRole], [(g) => g.on("requestHeaders", g.add(0, "x-role", "admin"))]],
    events: ["headers end"],
    lines: DENIED,
    verdicts: ["deny PERMISSION_DENIED role"],
    flag: "UAEX",
  },
  {
    name: "when a filter that only checks edited it",
    slots: [[deniesRole], [(g) => g.on("check", g.add(0, "x-role", "admin"))]],
    events: ["headers end"],
    lines: DENIED,
    flag: "UAEX",
  },
  {
    name: "when a filter that holds the head edited it at the trailers",
    slots: [
      [deniesRole],
      [
        (g) =>
          g
            .on("requestHeaders", g.pause())
            .on("requestBody", g.pause())
            .on("requestTrailers", g.add(0, "x-role", "admin")),
        { bodyWhilePaused: true },
      ],
    ],
    events: ["headers", "data ab", "trailers"],
    lines: DENIED,
    flag: "UAEX",
  },
  {
    name: "when a tick edited it and the callback behind it failed",
    slots: [
      [deniesRole],
      [
        (g) =>
          g
            .on("configure", g.tickEvery(10))
            .on("requestHeaders", g.keepStream(), g.pause())
            .on("requestBody", g.remove(0, "x-other"), g.trap())
            .on("tick", g.actOnStream(), g.add(0, "x-role", "admin")),
        { bodyWhilePaused: true, failOpen: CAUSE.trap },
      ],
    ],
    headers: [["x-other", "1"]],
    events: ["headers", "tick", "data ab end"],
    lines: DENIED,
    flag: "UAEX",
  },
]);

const setsThenTraps: Guest = (g) =>
  g.on("requestHeaders", g.add(0, "x-a", "1"), g.remove(0, "x-keep"), g.setProperty("p", "1"), g.trap());

rows("Stream applies the fail strategy", [
  {
    name: "trap, FAIL_CLOSE: 503 that no filter sees",
    slots: [[named("a")], [traps]],
    events: ["headers end", "finish"],
    lines: UNAVAILABLE,
    logs: ["a:check", "a:request", "a:log"],
    verdicts: ["noOpinion", "error trap"],
    flag: "FI",
  },
  {
    name: "trap, FAIL_OPEN without the cause: 503",
    slots: [[traps, { failOpen: CAUSE.notLoaded | CAUSE.backend }]],
    events: ["headers end"],
    lines: UNAVAILABLE,
    verdicts: ["error trap"],
    flag: "FI",
  },
  {
    name: "trap, FAIL_OPEN with the cause: what the callback changed is undone (the property is absent), the slot is skipped",
    slots: [[setsThenTraps, { failOpen: CAUSE.trap }], [(g) => g.on("requestHeaders", g.logProperty("p"))]],
    headers: [["x-keep", "k"]],
    events: ["headers end"],
    lines: ["> GET /a x-keep:k end"],
    logs: [""],
    verdicts: ["noOpinion trap"],
  },
  {
    name: "fuel",
    slots: [[(g) => g.on("requestHeaders", g.loop())]],
    events: ["headers end"],
    lines: UNAVAILABLE,
    verdicts: ["error fuel"],
    flag: "FI",
  },
  {
    name: "fuel, FAIL_OPEN with the cause",
    slots: [[(g) => g.on("requestHeaders", g.loop()), { failOpen: CAUSE.fuel }]],
    events: ["headers end"],
    lines: ["> GET /a end"],
    verdicts: ["noOpinion fuel"],
  },
  {
    name: "depth is a limit",
    slots: [[(g) => g.on("requestHeaders", g.recurse())]],
    events: ["headers end"],
    lines: UNAVAILABLE,
    verdicts: ["error limit"],
    flag: "FI",
  },
  {
    name: "nothing loaded",
    slots: [[null]],
    events: ["headers end"],
    lines: UNAVAILABLE,
    verdicts: ["error notLoaded"],
    flag: "FI",
  },
  {
    name: "nothing loaded, FAIL_OPEN",
    slots: [[null, { failOpen: CAUSE.notLoaded }], [named("b")]],
    events: ["headers end"],
    lines: ["> GET /a end"],
    logs: ["b:check", "b:request"],
    verdicts: ["noOpinion notLoaded"],
  },
  {
    name: "trap in context creation",
    slots: [
      [(g) => g.on("create", "(if (i32.ne (local.get 1) (i32.const 0)) (then unreachable))").on("requestHeaders")],
    ],
    events: ["headers end"],
    lines: UNAVAILABLE,
    verdicts: ["error trap"],
    flag: "FI",
  },
  {
    name: "trap in the body, FAIL_OPEN: what is held goes on, later bytes too",
    slots: [
      [(g) => g.on("requestBody", g.atEnd(g.setBody(0, "changed"), g.trap()), g.pause()), { failOpen: CAUSE.trap }],
    ],
    events: ["headers", "data ab", "data cd end"],
    lines: ["> GET /a", '> "abcd" end'],
    verdicts: ["noOpinion trap"],
  },
  {
    name: "trap in the body, FAIL_CLOSE: 503 while nothing was sent",
    slots: [[(g) => g.on("requestBody", g.trap())]],
    events: ["headers", "data ab", "data cd end"],
    lines: ["> GET /a", ...UNAVAILABLE],
    verdicts: ["error trap"],
    flag: "FI",
  },
  {
    name: "trap at the response's headers: 503",
    slots: [[(g) => g.on("responseHeaders", g.trap())]],
    events: ["headers end", "response", "rdata hello end"],
    lines: ["> GET /a end", ...UNAVAILABLE],
    verdicts: ["error trap"],
    flag: "FI",
  },
  {
    name: "trap in the response's body: reset",
    slots: [[(g) => g.on("responseBody", g.trap())]],
    events: ["headers end", "response", "rdata hello end"],
    lines: ["> GET /a end", "< 200", "drop upstream", "reset LR"],
    verdicts: ["error trap"],
    flag: "LR",
  },
  {
    name: "trap in the request's body when the response is through: reset, and nothing more goes upstream",
    slots: [[(g) => g.on("requestBody", g.beforeEnd(g.pause()))], [(g) => g.on("requestBody", g.trap())]],
    events: ["headers", "data a", "response end", "trailers"],
    lines: ["> GET /a", "< 200 content-length:5 end", "drop upstream", "reset LR"],
    flag: "LR",
  },
  {
    name: "trap in log: only recorded",
    slots: [[(g) => g.on("log", g.trap())], [named("b")]],
    events: ["headers end", "response end", "finish"],
    lines: ["> GET /a end", "< 200 content-length:5 end"],
    logs: ["b:check", "b:request", "b:response", "b:log"],
    verdicts: ["noOpinion trap"],
  },
  {
    name: "trap on a local reply's headers: 503 in its place",
    slots: [[(g) => g.on("responseHeaders", g.trap())], [denies]],
    events: ["headers end"],
    lines: ["drop upstream", ...UNAVAILABLE],
    verdicts: ["error trap", "deny PERMISSION_DENIED closed"],
    flag: "FI",
  },
  {
    name: "trap while another slot holds the response, FAIL_OPEN: that one still holds",
    slots: [
      [(g) => g.on("requestBody", g.trap()), { failOpen: CAUSE.trap }],
      [(g) => g.on("responseHeaders", g.pause())],
    ],
    events: ["headers", "response end", "data ab end"],
    lines: ["> GET /a", '> "ab" end'],
  },
]);

rows("Stream undoes what a failed callback changed", [
  {
    name: "a held body changed in a trailers callback that traps",
    slots: [
      [
        (g) => g.on("requestBody", g.pause()).on("requestTrailers", g.setBody(0, "changed"), g.trap()),
        { failOpen: CAUSE.trap },
      ],
    ],
    events: ["headers", "data ab", "trailers"],
    lines: ["> GET /a", '> "ab"', "> trailers x-t:1 end"],
  },
  {
    name: "trailers made in a body callback that traps",
    slots: [[(g) => g.on("requestBody", g.atEnd(g.add(1, "x-sum", "9"), g.trap())), { failOpen: CAUSE.trap }]],
    events: ["headers", "data ab end"],
    lines: ["> GET /a", '> "ab" end'],
  },
  {
    name: "a head and a held body changed by a tick that traps; the stream it acted on fails with its instance",
    slots: [
      [
        (g) => resumesByTick(g).on("tick", g.actOnStream(), g.add(0, "x-late", "1"), g.trap()),
        { failOpen: CAUSE.trap },
      ],
    ],
    events: ["headers end", "tick"],
    lines: ["> GET /a end"],
    verdicts: ["noOpinion trap"],
  },
  {
    name: "not what a tick that returned has changed before",
    slots: [
      [
        (g) =>
          resumesByTick(g)
            .on("tick", g.actOnStream(), g.add(0, "x-late", "1"), g.continueStream(0))
            .on("requestBody", g.trap()),
        { failOpen: CAUSE.trap },
      ],
    ],
    events: ["headers", "tick", "data ab end"],
    lines: ["> GET /a x-late:1", '> "ab" end'],
  },
]);

rows("Stream ends", [
  {
    name: "the client is gone while paused: log, done, delete once",
    slots: [[(g) => logsAll(g).on("requestHeaders", g.pause())]],
    events: ["headers", "data ab", "close", "end", "data cd", "end"],
    lines: [],
    logs: ["check", "report", "log", "done", "delete"],
    flag: "DC",
  },
  {
    name: "idle after the response's head: reset",
    slots: [[(g) => g.on("responseBody", g.pause())]],
    events: ["headers end", "response", "rdata ab", "idle"],
    lines: ["> GET /a end", "< 200", "drop upstream", "reset SI"],
    flag: "SI",
  },
]);

rows("Stream heeds effects of a callback that an effect led to", [
  {
    name: "a tick lets the head go; the body callback answers: not one byte of the body goes on",
    slots: [[(g) => resumesByTick(g).on("requestBody", g.reply(403, "body", ""))]],
    events: ["headers", "data ab end", "tick"],
    lines: ["> GET /a", "drop upstream", "< 403 content-length:0 end"],
    flag: "UAEX",
  },
  {
    name: "a tick answers; the sender's response phase closes the stream",
    slots: [
      [
        (g) =>
          g
            .on("configure", g.tickEvery(10))
            .on("requestHeaders", g.keepStream(), g.pause())
            .on("tick", g.actOnStream(), g.reply(401, "late", ""))
            .on("responseHeaders", g.closeStream(1)),
      ],
    ],
    events: ["headers end", "tick"],
    lines: ["drop upstream", "drop upstream", "reset LR"],
    flag: "LR",
  },
]);

describe("Stream and its driver", () => {
  it("replies for the driver without asking a filter", () => {
    const stage = new Stage([[named("a")]]);
    stage.play(["headers end"]);
    stage.stream.replyFromDriver(502, "no upstream\n", "UF");
    stage.play(["finish"]);
    expect(stage.lines()).toEqual([
      "> GET /a end",
      "< 502 content-type:text/plain content-length:12",
      '< "no upstream\n" end',
    ]);
    expect(stage.logs()).toEqual(["a:check", "a:request", "a:log"]);
    expect(stage.stream.status).toBe(502);
  });

  it("runs slots that the new route names before the head goes out", () => {
    const stage = new Stage(
      [[(g) => g.on("requestHeaders", g.replace(0, ":path", "/b"))], [named("b")], [named("c")]],
      { slotMask: 0b101 },
    );
    stage.driver.nextMask = 0b110;
    stage.play(["headers end", "response end"]);
    // The driver is asked twice; it sends only when it is asked with a mask the engine has passed.
    expect(stage.lines()).toEqual(["> GET /b end", "> GET /b end", "< 200 content-length:5 end"]);
    expect(stage.logs()).toEqual(["c:check", "c:request", "b:check", "b:request", "c:response", "b:response"]);
  });

  it("lets go of the driver's bytes when nobody needs them", () => {
    const stage = new Stage([[(g) => g.on("check", g.result(1))]]);
    stage.play(["headers"]);
    expect(stage.stream.needsRequestData).toBe(false);
    stage.play(["response"]);
    expect(stage.stream.needsResponseData).toBe(false);
  });

  it("stops reads while a paused filter holds much, and goes on after", () => {
    const stage = new Stage([[resumesByTick]]);
    stage.play(["headers"]);
    stage.stream.requestData(Buffer.alloc(70_000, "x"), false);
    expect(stage.lines()).toEqual(["pause reads 0"]);
    stage.play(["tick"]);
    expect(stage.lines().map((line) => line.slice(0, 20))).toEqual([
      "> GET /a",
      '> "xxxxxxxxxxxxxxxxx',
      "resume reads 0",
    ]);
  });

  it("gives a stream of its own instance back after its last phase", () => {
    const stage = new Stage([[(g) => g.on("check", g.result(1)), { isolation: "stream" }]]);
    stage.play(["headers end"]);
    const others = [stage.another(), stage.another()];
    for (const { stream } of others) stream.requestHeaders(true);
    expect(stage.instancesLive()).toEqual([2]);
  });

  it("gives such an instance back though its filter asks to be told of the delete", () => {
    const stage = new Stage([
      [(g) => g.on("check", g.result(1)).on("delete", g.log("delete")), { isolation: "stream" }],
    ]);
    stage.play(["headers end"]);
    expect(stage.logs()).toEqual(["delete"]);
    stage.another().stream.requestHeaders(true);
    expect(stage.instancesLive()).toEqual([2]);
  });

  it("serves hundreds of streams at once whose filter logs at the end", () => {
    const stage = new Stage([[(g) => g.on("check", g.result(1)).on("log", g.log("log")), { isolation: "stream" }]]);
    const others = Array.from({ length: 300 }, () => stage.another());
    for (const { stream } of others) stream.requestHeaders(true);
    expect(others.map(({ driver }) => driver.lines.length)).toEqual(Array.from({ length: 300 }, () => 1));
    for (const { stream } of others) stream.end();
    expect(stage.logs().length).toBe(300);
    expect(stage.instancesLive()).toEqual([POOL_IDLE_MAX + 1]);
  });

  describe("when every instance of the pool is in use", () => {
    const crowded: Guest = (g) =>
      g.on("requestHeaders", g.whenHeader("x-stay", g.pause())).on("requestBody", g.logBody(0));

    /** A stage whose plugin has lent all its instances to paused streams. */
    function crowd(options: SlotOptions = {}): { stage: Stage; paused: ReturnType<Stage["another"]>[] } {
      const stage = new Stage([[crowded, { isolation: "stream", ...options }]]);
      const paused = Array.from({ length: POOL_INSTANCES_MAX }, () => stage.another([["x-stay", "1"]]));
      for (const { stream } of paused) stream.requestHeaders(true);
      return { stage, paused };
    }

    it("waits, holding what arrives, and goes on when one is given back", () => {
      const { stage, paused } = crowd({ bodyWhilePaused: true });
      stage.play(["headers", "data ab", "tick", "data cd end"]);
      expect(stage.lines()).toEqual([]);
      paused[0]!.stream.downstreamClosed();
      paused[0]!.stream.end();
      stage.play(["tick"]);
      expect(stage.lines()).toEqual(["> GET /a", '> "abcd" end']);
      expect(stage.logs()).toEqual(["abcd"]);
      expect(stage.stream.slotCount).toBe(1);
    });

    it("meets a limit after a while", () => {
      const { stage } = crowd();
      stage.play(["headers end"]);
      stage.services.clock.advance(INSTANCE_WAIT_MS_MAX - 1);
      expect(stage.lines()).toEqual([]);
      stage.services.clock.advance(1);
      expect(stage.lines()).toEqual(UNAVAILABLE);
      expect(stage.verdict()).toBe("error limit");
    });

    it("is skipped after a while under FAIL_OPEN with the cause", () => {
      const { stage } = crowd({ failOpen: CAUSE.limit });
      stage.play(["headers", "data ab end"]);
      stage.services.clock.advance(INSTANCE_WAIT_MS_MAX);
      expect(stage.lines()).toEqual(["> GET /a", '> "ab" end']);
    });

    it("forgets a stream whose client has gone", () => {
      const { stage } = crowd();
      stage.play(["headers end", "close", "end"]);
      stage.services.clock.advance(INSTANCE_WAIT_MS_MAX);
      expect(stage.lines()).toEqual([]);
    });
  });

  it("fails streams that still need a shared instance when another stream's callback kills it", () => {
    const poison: Guest = (g) =>
      g.on("requestHeaders", g.whenHeader("x-poison", g.trap())).on("responseHeaders").on("log", g.log("log"));
    const stage = new Stage([[poison]]);
    stage.play(["headers end"]);
    const bad = stage.another([["x-poison", "1"]]);
    bad.stream.requestHeaders(true);
    expect(bad.driver.lines).toEqual(UNAVAILABLE);
    expect(stage.lines()).toEqual(["> GET /a end", ...UNAVAILABLE]);
    const next = stage.another();
    next.stream.requestHeaders(true);
    expect(next.driver.lines).toEqual(["> GET /a end"]);
  });

  it("leaves a stream alone that needs nothing more of the instance", () => {
    const poison: Guest = (g) => g.on("requestHeaders", g.whenHeader("x-poison", g.trap())).on("log", g.log("log"));
    const stage = new Stage([[poison]]);
    stage.play(["headers end"]);
    stage.another([["x-poison", "1"]]).stream.requestHeaders(true);
    stage.play(["response end", "finish"]);
    expect(stage.lines()).toEqual(["> GET /a end", "< 200 content-length:5 end"]);
    expect(stage.logs()).toEqual([]);
    expect(stage.verdict()).toBe("noOpinion");
  });

  it("counts generations when it goes back to the pool", () => {
    const stage = new Stage([]);
    const { generation } = stage.stream;
    stage.play(["headers end", "end"]);
    expect(stage.stream.generation).toBe(generation + 1);
    expect(stage.another().stream).toBe(stage.stream);
  });

  it("is in the pool once, whatever is fed after its end", () => {
    const stage = new Stage([]);
    stage.play(["headers end", "end", "data x end", "response end", "idle", "close", "finish", "end"]);
    const { generation } = stage.stream;
    const [first, second] = [stage.another().stream, stage.another().stream];
    expect(first).toBe(stage.stream);
    expect(second).not.toBe(first);
    expect(stage.stream.generation).toBe(generation);
    expect(stage.lines()).toEqual(["> GET /a end"]);
  });

  it("asks a check again when the new route's slot edits what was read before anybody tracked it", () => {
    const stage = new Stage([[readsRole], [(g) => g.on("requestHeaders", g.add(0, "x-role", "admin"))]], {
      slotMask: 1,
    });
    stage.driver.nextMask = 0b11;
    stage.play(["headers end"]);
    expect(stage.logs()).toEqual(["check", "check"]);
  });

  it("asks a check again when the new route's slot stands before it in the chain", () => {
    const stage = new Stage([[(g) => g.on("requestHeaders", g.add(0, "x-role", "admin"))], [readsRole]], {
      slotMask: 0b10,
    });
    stage.driver.nextMask = 0b11;
    stage.play(["headers end"]);
    expect(stage.logs()).toEqual(["check", "check"]);
  });

  it("keeps additions of callbacks that returned", () => {
    const stage = new Stage([
      [(g) => g.on("check", g.addition("tier", "gold"), g.result(1)).on("report", g.addition("late", "1"), g.trap())],
    ]);
    stage.play(["headers end", "response end", "finish"]);
    expect(stage.stream.slotReport(0).additions).toEqual({ tier: "gold" });
  });
});

const mirrors =
  (...clusters: string[]): Guest =>
  (g) =>
    g.on("requestHeaders", ...clusters.map((cluster) => g.mirror(cluster)));

rows("policy_mirror", [
  {
    name: "tells the driver once the head has gone on, before any data",
    slots: [[(g) => g.on("check", g.mirror("one", 3), g.result(1))], [mirrors("two")]],
    events: ["headers", "data x end"],
    lines: ["> GET /a", "mirror s0 one 3", "mirror s1 two 0", '> "x" end'],
  },
  {
    name: "takes the same cluster once from each slot",
    slots: [[mirrors("one", "one")], [mirrors("one")]],
    events: ["headers end"],
    lines: ["> GET /a end", "mirror s0 one 0", "mirror s1 one 0"],
  },
  {
    name: "asks for nothing at a cluster that is not there",
    slots: [[mirrors("nowhere")]],
    events: ["headers end"],
    lines: ["> GET /a end"],
  },
  {
    name: "comes to nothing when the callback traps",
    slots: [[(g) => g.on("requestHeaders", g.mirror("one"), g.trap()), { failOpen: CAUSE.trap }]],
    events: ["headers end"],
    lines: ["> GET /a end"],
  },
  {
    name: "outlives a later callback of its slot that traps",
    slots: [
      [
        (g) => g.on("check", g.mirror("one"), g.result(1)).on("requestHeaders", g.mirror("two"), g.trap()),
        { failOpen: CAUSE.trap },
      ],
    ],
    events: ["headers end"],
    lines: ["> GET /a end", "mirror s0 one 0"],
  },
  {
    name: "comes to nothing when a later slot denies",
    slots: [[mirrors("one")], [denies]],
    events: ["headers end"],
    lines: DENIED,
    flag: "UAEX",
  },
  {
    name: "is refused once the head has gone on",
    slots: [[(g) => g.on("requestBody", g.mirror("one"))]],
    events: ["headers", "data x end"],
    lines: ["> GET /a", '> "x" end'],
  },
  {
    name: "is taken from a body callback while the head waits",
    slots: [
      [
        (g) => g.on("requestHeaders", g.pause()).on("requestBody", g.mirror("one"), g.continueStream(0)),
        { bodyWhilePaused: true },
      ],
    ],
    events: ["headers", "data x end"],
    lines: ["> GET /a", "mirror s0 one 0", '> "x" end'],
  },
]);

describe("Stream.timeBy", () => {
  it("sums what the callbacks of each slot took, and says nothing in a stream that is not timed", () => {
    const stage = new Stage([[logsAll], [(g) => g.on("responseHeaders", g.log("response headers"))]]);
    let readings = 0;
    // Every callback takes one reading's step: 1 ms.
    stage.stream.timeBy(() => readings++);
    stage.play(["headers end", "response end", "finish"]);
    const durations = [0, 1].map((i) => stage.stream.slotReport(i).durationUs);
    // Context, check, request headers, response headers, report and log of the first; context and response of the second.
    expect(durations).toEqual([6_000, 2_000]);
    stage.stream.end();
    const { stream } = stage.another();
    stream.requestHeaders(true);
    expect(stream.slotReport(0).durationUs).toBeNull();
    stream.end();
  });
});

describe("Mirrors", () => {
  it("takes MIRRORS_MAX of a stream, and forgets them for the next", () => {
    const stage = new Stage([[mirrors(...Array.from({ length: MIRRORS_MAX + 1 }, (_, i) => `c${i}`))]]);
    stage.play(["headers end", "end"]);
    expect(stage.lines()).toHaveLength(1 + MIRRORS_MAX);
    const { stream, driver } = stage.another();
    stream.requestHeaders(true);
    expect(driver.lines).toHaveLength(1 + MIRRORS_MAX);
    stream.end();
  });
});
