// A local response from every callback: it answers while nothing was sent to the client, resets what was begun, and where a
// stream is not to be steered it is nothing. The stream ends in every case.
import { describe, expect, it } from "vitest";
import type { GuestCallback } from "./fixtures/guest-text.ts";
import { Stage, type Guest } from "./fixtures/stage.ts";

const EVENTS = ["headers", "data ab", "trailers", "response", "rdata hello", "rtrailers"];
const WHOLE = [
  "> GET /a",
  '> "ab"',
  "> trailers x-t:1 end",
  "< 200 content-length:5",
  '< "hello"',
  "< trailers x-t:2 end",
];
const ANSWER = ["drop upstream", "< 418 content-type:text/plain content-length:3", '< "tea" end'];
const RESET = ["drop upstream", "reset LR"];

interface Case {
  readonly callback: GuestCallback;
  readonly lines: readonly string[];
  readonly flag: string | null;
}

const upTo = (line: string, ...more: string[]): string[] => [...WHOLE.slice(0, WHOLE.indexOf(line) + 1), ...more];
const hasBodyCallback = (lines: readonly string[]): string[] =>
  lines.map((line) => line.replace(" content-length:5", ""));

const CASES: readonly Case[] = [
  { callback: "create", lines: WHOLE, flag: null },
  { callback: "check", lines: WHOLE, flag: null },
  { callback: "requestHeaders", lines: ANSWER, flag: "UAEX" },
  { callback: "requestBody", lines: upTo("> GET /a", ...ANSWER), flag: "UAEX" },
  { callback: "requestTrailers", lines: upTo('> "ab"', ...ANSWER), flag: "UAEX" },
  { callback: "responseHeaders", lines: upTo("> trailers x-t:1 end", ...ANSWER), flag: null },
  { callback: "responseBody", lines: hasBodyCallback(upTo("< 200 content-length:5", ...RESET)), flag: "LR" },
  { callback: "responseTrailers", lines: upTo('< "hello"', ...RESET), flag: "LR" },
  { callback: "report", lines: WHOLE, flag: null },
  { callback: "log", lines: WHOLE, flag: null },
  { callback: "done", lines: WHOLE, flag: null },
  { callback: "delete", lines: WHOLE, flag: null },
];

const replying =
  (callback: GuestCallback): Guest =>
  (g) =>
    g.on(callback, g.reply(418, "short", "tea"));

/** Plays what a driver would feed, until the stream is over. */
function play(stage: Stage): void {
  for (const event of EVENTS) {
    if (stage.driver.lines.includes("drop upstream")) break;
    stage.play([event]);
  }
  stage.play(["finish"]);
}

describe("A local response", () => {
  it.each(CASES)("in $callback", ({ callback, lines, flag }) => {
    const stage = new Stage([[replying(callback)]]);
    play(stage);
    expect([stage.lines(), stage.stream.flag]).toEqual([lines, flag]);
    stage.stream.end();
  });

  it.each(["requestHeaders", "requestBody", "requestTrailers", "responseHeaders"] as const)(
    "in %s shows its own filter one response head, which may not answer it again",
    (callback) => {
      const stage = new Stage([
        [(g) => replying(callback)(g).on("responseHeaders", g.log("shown"), g.reply(500, "", ""))],
      ]);
      play(stage);
      expect(stage.logs()).toEqual(["shown"]);
      expect(
        stage.lines().filter((line) => line.startsWith("< 4") || line.startsWith("< 5")).length,
      ).toBeLessThanOrEqual(1);
      stage.stream.end();
    },
  );
});
