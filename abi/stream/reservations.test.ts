// What becomes of reservations: one for each slot, quota and key; spent when the head goes upstream, else given back.

import { describe, expect, it } from "vitest";
import { Stage } from "./fixtures/stage.ts";
import type { Guest, StageSlot } from "./fixtures/stage.ts";
import { RESERVATIONS_MAX } from "./limits.ts";

const takes: Guest = (g) => g.on("check", g.quota("q", "k", 4), g.whenRefused(g.verdict(8, "spent"), g.result(2)));
const denies: Guest = (g) => g.on("check", g.verdict(7, "closed"), g.result(2));
const takesAndTraps: Guest = (g) => g.on("check", g.quota("q", "k", 4), g.trap());

function left(stage: Stage, name = "q", key = "k"): number {
  return stage.services.quotas.find(name)!.peek(Buffer.from(key), 10, true).granted;
}

describe("Reservations of a stream", () => {
  it.each<{ name: string; slots: StageSlot[]; events: string[]; left: number; remark?: string }>([
    { name: "are spent when the head goes upstream", slots: [[takes]], events: ["headers end"], left: 6 },
    {
      name: "are spent whatever the upstream answers, and given back by nothing later",
      slots: [[takes]],
      events: ["headers end", "close", "finish", "end"],
      left: 6,
    },
    { name: "are given back when a later slot denies", slots: [[takes], [denies]], events: ["headers end"], left: 10 },
    {
      name: "are given back when the slot itself denies",
      slots: [[(g) => g.on("check", g.quota("q", "k", 4), g.result(2))]],
      events: ["headers end"],
      left: 10,
    },
    {
      name: "are given back when its check is an error",
      slots: [[(g) => g.on("check", g.quota("q", "k", 4), g.result(3))]],
      events: ["headers end"],
      left: 10,
    },
    {
      name: "are given back when the callback traps and the stream ends",
      slots: [[takesAndTraps]],
      events: ["headers end"],
      left: 10,
    },
    {
      name: "are given back when the callback traps and the slot is left out",
      slots: [[takesAndTraps, { failOpen: 0xff }]],
      events: ["headers end"],
      left: 10,
    },
    {
      name: "of a callback that returned stay when a later one of the slot traps",
      slots: [
        [(g) => g.on("check", g.quota("q", "k", 4), g.result(1)).on("requestHeaders", g.trap()), { failOpen: 0xff }],
      ],
      events: ["headers end"],
      left: 6,
    },
    {
      name: "are given back when a filter answers itself",
      slots: [[takes], [(g) => g.on("requestHeaders", g.reply(200, "own", "x"), g.pause())]],
      events: ["headers end"],
      left: 10,
    },
    {
      name: "are given back when the client goes before the head went upstream",
      slots: [[takes], [(g) => g.on("requestHeaders", g.pause())]],
      events: ["headers end", "close"],
      left: 10,
    },
    {
      name: "are held while a filter pauses",
      slots: [[takes], [(g) => g.on("requestHeaders", g.pause())]],
      events: ["headers end"],
      left: 6,
    },
    {
      name: "of a slot in dry run count as any other's",
      slots: [[takes, { dryRun: true }]],
      events: ["headers end"],
      left: 6,
    },
    {
      name: "made while the body passes are spent at once",
      slots: [[(g) => g.on("requestBody", g.quota("q", "k", 1))]],
      events: ["headers", "data x", "close"],
      left: 9,
    },
    {
      name: "made in a body callback that traps are given back",
      slots: [[(g) => g.on("requestBody", g.quota("q", "k", 1), g.trap())]],
      events: ["headers", "data x"],
      left: 10,
    },
  ])("$name", ({ slots, events, left: expected }) => {
    const stage = new Stage(slots);
    stage.play(events);
    expect(left(stage)).toBe(expected);
  });

  it("are one for a slot, quota and key: asked again, the answer is the first one", () => {
    const twice: Guest = (g) => g.on("check", g.quota("q", "k", 3), g.quota("q", "k", 3), g.quota("q", "k", 5));
    const stage = new Stage([[twice], [(g) => g.on("check", g.quota("q", "k", 2), g.quota("other", "k", 1))]]);
    stage.play(["headers end", "finish"]);
    expect([left(stage), left(stage, "other")]).toEqual([5, 9]);
    expect(stage.stream.slotReport(0).quotas).toEqual([{ name: "q", amount: 3, granted: 3, retryAfterMs: 0 }]);
    expect(stage.stream.slotReport(1).quotas).toEqual([
      { name: "q", amount: 2, granted: 2, retryAfterMs: 0 },
      { name: "other", amount: 1, granted: 1, retryAfterMs: 0 },
    ]);
  });

  it("are not made anew by a check that runs again", () => {
    const reads: Guest = (g) => g.on("check", g.read(0, "x-role"), g.quota("q", "k", 4));
    const stage = new Stage([[reads], [(g) => g.on("requestHeaders", g.add(0, "x-role", "admin"))]]);
    stage.play(["headers end"]);
    expect([left(stage), stage.stream.slotReport(0).quotas.length]).toEqual([6, 1]);
  });

  it("are remembered when they were refused", () => {
    const stage = new Stage([[takes]]);
    stage.services.quotas.find("q")!.reserve(Buffer.from("k"), 10, false);
    stage.play(["headers end", "finish"]);
    expect(stage.verdict()).toBe("deny RESOURCE_EXHAUSTED spent");
    const [use] = stage.stream.slotReport(0).quotas;
    expect(use).toMatchObject({ name: "q", amount: 4, granted: 0 });
    expect(use!.retryAfterMs).toBeGreaterThan(0);
  });

  it("are bounded in number", () => {
    const many: Guest = (g) => {
      const keys = Array.from({ length: RESERVATIONS_MAX + 1 }, (_, i) => g.quota("q", `key${i}`));
      return g.on("check", ...keys);
    };
    const stage = new Stage([[many]]);
    stage.play(["headers end", "finish"]);
    expect(stage.stream.slotReport(0).quotas).toHaveLength(RESERVATIONS_MAX);
    expect(left(stage, "q", `key${RESERVATIONS_MAX}`)).toBe(10);
  });

  it("of a pooled stream do not reach the next one", () => {
    const stage = new Stage([[takes]]);
    stage.play(["headers end", "end"]);
    const { stream } = stage.another();
    stream.requestHeaders(true);
    expect(left(stage)).toBe(2);
    expect(stream.slotReport(0).quotas).toHaveLength(1);
    stream.end();
  });
});
