// A slot with several revisions: each stream is served by the one its split chose, with that one's callbacks and no others.

import { describe, expect, it } from "vitest";
import type { SplitChoice } from "./chain.ts";
import { Stage } from "./fixtures/stage.ts";
import type { Guest } from "./fixtures/stage.ts";

/** The header `arm` says which. */
const byHeader: SplitChoice = { choose: (head) => Number(head.get("arm") ?? 0) };

const all: Guest = (g) =>
  g
    .on("check", g.log("all:check"))
    .on("requestHeaders", g.log("all:request"))
    .on("requestBody", g.log("all:body"))
    .on("requestTrailers", g.log("all:trailers"))
    .on("responseHeaders", g.log("all:response"))
    .on("responseBody", g.log("all:rbody"))
    .on("responseTrailers", g.log("all:rtrailers"));
const headOnly: Guest = (g) => g.on("requestHeaders", g.log("head:request"));
const denies: Guest = (g) => g.on("check", g.verdict(7, "closed"), g.result(2));

const EVENTS = ["headers", "data a", "trailers", "response", "rdata b", "rtrailers", "finish"];
const passed = (arm: number, response: string): string[] => [
  `> GET /a arm:${arm}`,
  '> "a"',
  "> trailers x-t:1 end",
  response,
  '< "b"',
  "< trailers x-t:2 end",
];

function stageOf(arm: number, guests: readonly (Guest | null)[]): Stage {
  return new Stage([[guests, { split: byHeader }]], { headers: [["arm", String(arm)]] });
}

describe("Stream in a slot with several revisions", () => {
  it.each([
    [0, "< 200 content-length:5", ["head:request"]],
    [
      1,
      "< 200",
      ["all:check", "all:request", "all:body", "all:trailers", "all:response", "all:rbody", "all:rtrailers"],
    ],
  ])("calls what the revision at arm %d has, and passes on the rest", (arm, response, logs) => {
    const stage = stageOf(arm, [headOnly, all]);
    stage.play(EVENTS);
    expect(stage.logs()).toEqual(logs);
    expect(stage.lines()).toEqual(passed(arm, response));
    expect(stage.stream.slotReport(0)).toMatchObject({ slot: "s0", index: 0, arm });
    stage.stream.end();
  });

  it("no longer asks for body bytes once a revision without body callbacks is chosen", () => {
    const stage = stageOf(0, [headOnly, all]);
    stage.play(["headers"]);
    expect(stage.stream.needsRequestData).toBe(false);
    stage.play(["response"]);
    expect(stage.stream.needsResponseData).toBe(false);
    stage.stream.end();
  });

  it("names the revision that denied", () => {
    const stage = stageOf(1, [headOnly, denies]);
    stage.play(["headers end"]);
    expect(stage.verdict()).toBe("deny PERMISSION_DENIED closed");
    expect(stage.stream.slotReport(0)).toMatchObject({ arm: 1, revision: "sha256:r1" });
    stage.stream.end();
  });

  it("meets notLoaded only where the revision that is missing was chosen", () => {
    const well = stageOf(0, [headOnly, null]);
    well.play(["headers end"]);
    expect(well.verdict()).toBe("noOpinion");
    well.stream.end();
    const missing = stageOf(1, [headOnly, null]);
    missing.play(["headers end"]);
    expect(missing.verdict()).toBe("error notLoaded");
    missing.stream.end();
  });

  it("chooses when the slot is first asked, so by what earlier slots have left", () => {
    const stage = new Stage([
      [(g) => g.on("requestHeaders", g.add(0, "arm", "1"))],
      [[headOnly, all], { split: byHeader }],
    ]);
    stage.play(["headers end"]);
    expect(stage.stream.slotReport(1)).toMatchObject({ arm: 1 });
    stage.stream.end();
  });

  it("is served by the revision it was forced to, for that stream alone", () => {
    const stage = stageOf(0, [headOnly, all]);
    stage.stream.forceArm(0, 1);
    stage.play(["headers end"]);
    expect(stage.stream.slotReport(0).arm).toBe(1);
    stage.stream.end();
    const { stream } = stage.another();
    stream.requestHeaders(true);
    expect(stream.slotReport(0).arm).toBe(0);
    stream.end();
  });
});
