// Whatever filters do and in whatever order things arrive: messages keep their grammar, nothing is lost or doubled, and
// no client waits for ever. Random chains of the guests below, random arrivals, random ticks.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CAUSE, causeMask } from "./cause.ts";
import { Stage } from "./fixtures/stage.ts";
import type { Guest, StageSlot } from "./fixtures/stage.ts";

const EVERY_CAUSE = causeMask(["notLoaded", "backend", "error", "trap", "fuel", "limit"]);

/** None of them edits a body, so that what is fed can be compared with what comes out. */
const GUESTS: readonly Guest[] = [
  (g) => g.on("check", g.result(1)),
  (g) => g.on("requestHeaders").on("requestBody").on("responseBody").on("log"),
  (g) =>
    g
      .on("requestHeaders", g.keepStream(), g.pause())
      .on("configure", g.tickEvery(10))
      .on("tick", g.actOnStream(), g.continueStream(0)),
  (g) => g.on("requestHeaders", g.pause()).on("requestBody", g.beforeEnd(g.pause())),
  (g) => g.on("requestBody", g.beforeEnd(g.pause())).on("responseBody", g.beforeEnd(g.pause())),
  (g) =>
    g
      .on("requestBody", g.keepStream(), g.pause())
      .on("requestTrailers", g.pause())
      .on("configure", g.tickEvery(20))
      .on("tick", g.actOnStream(), g.continueStream(0)),
  (g) =>
    g
      .on("responseHeaders", g.keepStream(), g.pause())
      .on("responseTrailers", g.pause())
      .on("configure", g.tickEvery(10))
      .on("tick", g.actOnStream(), g.continueStream(1)),
  (g) => g.on("requestTrailers", g.add(1, "x-more", "1")).on("responseTrailers", g.pause()),
  (g) => g.on("requestBody", g.atEnd(g.add(1, "x-made", "1"))),
  (g) => g.on("check", g.result(2)),
  (g) => g.on("requestBody", g.reply(400, "no", "no")).on("responseHeaders", g.keepStream()),
  (g) => g.on("responseHeaders", g.reply(502, "", "bad")).on("responseBody", g.pause()),
  (g) =>
    g
      .on("requestHeaders", g.keepStream(), g.pause())
      .on("configure", g.tickEvery(10))
      .on("tick", g.actOnStream(), g.reply(401, "late", "")),
  (g) => g.on("requestBody", g.trap()),
  (g) => g.on("responseBody", g.trap()),
  (g) => g.on("responseHeaders", g.loop()),
  (g) =>
    g
      .on("requestHeaders", g.keepStream(), g.pause())
      .on("configure", g.tickEvery(10))
      .on("tick", g.actOnStream(), g.trap()),
  (g) => g.on("responseBody", g.closeStream(1), g.pause()),
];

const slot: fc.Arbitrary<StageSlot> = fc
  .record({
    guest: fc.constantFrom(...GUESTS),
    failOpen: fc.constantFrom(0, CAUSE.notLoaded, EVERY_CAUSE),
    dryRun: fc.constantFrom(false, false, false, true),
    bodyWhilePaused: fc.boolean(),
    isolation: fc.constantFrom("stream" as const, "shared" as const),
  })
  .map(({ guest, ...options }) => [guest, options] as const);

/** How a message arrives: its chunks, and whether head, body or trailers end it. */
const message = fc.record({
  chunks: fc.array(fc.constantFrom("a", "bc", "def"), { maxLength: 4 }),
  hasTrailers: fc.boolean(),
});
type Message = { readonly chunks: readonly string[]; readonly hasTrailers: boolean };

function eventsOf(
  { chunks, hasTrailers }: Message,
  names: readonly [head: string, data: string, trailers: string],
): string[] {
  if (chunks.length === 0 && !hasTrailers) return [`${names[0]} end`];
  const data = chunks.map(
    (chunk, at) => `${names[1]} ${chunk}${at === chunks.length - 1 && !hasTrailers ? " end" : ""}`,
  );
  return [names[0], ...data, ...(hasTrailers ? [names[2]] : [])];
}

/** Plays the request, and the response as far as an upstream that got the request would send it; `ticks` says when time passes. */
function play(stage: Stage, request: Message, response: Message, ticks: readonly boolean[]): string[] {
  const requests = eventsOf(request, ["headers", "data", "trailers"]);
  const responses = eventsOf(response, ["response", "rdata", "rtrailers"]);
  const lines: string[] = [];
  let step = 0;
  const collect = (): void => void lines.push(...stage.lines());
  while (requests.length > 0 || responses.length > 0) {
    if (ticks[step++ % Math.max(ticks.length, 1)] === true) stage.play(["tick"]);
    collect();
    const hasUpstream =
      lines.some((line) => line.startsWith(">")) &&
      !lines.some((line) => line === "drop upstream" || line.startsWith("reset"));
    if (hasUpstream && responses.length > 0 && (requests.length === 0 || step % 3 === 0))
      stage.play([responses.shift()!]);
    else if (requests.length > 0) stage.play([requests.shift()!]);
    else if (step > 40) break;
    collect();
  }
  stage.play(["tick", "tick", "tick", "idle"]);
  collect();
  return lines;
}

/** H head, D data, T trailers; `.` behind what ends the message. */
function grammar(lines: readonly string[], arrow: ">" | "<"): string {
  return lines
    .filter((line) => line.startsWith(arrow))
    .map((line) => {
      const kind = line.startsWith(`${arrow} trailers`) ? "T" : line.startsWith(`${arrow} "`) ? "D" : "H";
      return line.endsWith(" end") ? `${kind}.` : kind;
    })
    .join("");
}

function body(lines: readonly string[], arrow: ">" | "<"): string {
  return lines.flatMap((line) => new RegExp(`^${arrow} "(.*)"( end)?$`, "s").exec(line)?.[1] ?? []).join("");
}

const MESSAGE = /^(H\.|HD*(D\.|T\.)?)?$/;

describe("Stream, whatever filters do,", () => {
  it("keeps messages whole and answers every client", () => {
    fc.assert(
      fc.property(
        fc.array(slot, { maxLength: 3 }),
        message,
        message,
        fc.array(fc.boolean(), { maxLength: 8 }),
        (slots, request, response, ticks) => {
          const stage = new Stage(slots, { headers: [] });
          const lines = play(stage, request, response, ticks);
          const [sent, answered] = [grammar(lines, ">"), grammar(lines, "<")];
          expect(sent).toMatch(MESSAGE);
          expect(answered).toMatch(MESSAGE);

          const resets = lines.filter((line) => line.startsWith("reset"));
          expect(resets.length).toBeLessThanOrEqual(1);
          // An end for the client: the whole answer, or the cut connection, and nothing after it.
          expect(answered.endsWith(".") || resets.length === 1).toBe(true);
          if (resets.length === 1) expect(lines.at(-1)).toBe(resets[0]);

          if (sent.endsWith(".")) expect(body(lines, ">")).toBe(request.chunks.join(""));
          const isUpstreams = !lines.includes("drop upstream");
          if (isUpstreams && answered.endsWith(".")) expect(body(lines, "<")).toBe(response.chunks.join(""));

          stage.play(["finish", "end"]);
          expect(stage.lines()).toEqual([]);
          for (const { revisions } of stage.chain.slots) for (const { plugin } of revisions) plugin!.close();
        },
      ),
      { numRuns: 300 },
    );
  });
});
