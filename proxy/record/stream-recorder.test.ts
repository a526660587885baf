import { CAUSE } from "@sluice/abi/data-path";
import type { SlotFigures, SlotReport } from "@sluice/abi";
import { describe, expect, it } from "vitest";
import { REVISION_CELL } from "../counters/slab.ts";
import type { ExchangeFacts } from "../exchange/facts.ts";
import type { SlotErrorNotice } from "../worker/messages.ts";
import { StreamRecorder } from "./stream-recorder.ts";

type Slot = Partial<SlotFigures> & Pick<Partial<SlotReport>, "slot" | "error">;

function factsOf(slots: readonly Slot[]): { facts: ExchangeFacts; rows: Float64Array[][] } {
  const rows = [1, 2, 1].map((arms) => Array.from({ length: arms }, () => new Float64Array(32)));
  const whole = slots.map((slot) => ({ filter: "f", revision: "r", arm: 0, code: -1, failureCause: 0, ...slot }));
  const uncounted = {
    slotCount: whole.length,
    slotReport: (at: number) => whole[at],
    slotFigures: (at: number) => whole[at],
  };
  const facts = {
    snapshot: { counterRows: rows },
    slots: uncounted,
    uncounted,
    startedMs: 0,
    durationUs: 0,
  } as unknown as ExchangeFacts;
  return { facts, rows };
}

describe("StreamRecorder", () => {
  it("counts each revision of each slot in its own row, also when the route leaves slots out", () => {
    const recorder = new StreamRecorder({
      node: "n",
      recordsWanted: false,
      records: () => undefined,
      slotError: () => undefined,
      spans: () => undefined,
    });
    const { facts, rows } = factsOf([
      { index: 1, arm: 1, verdict: "allow" },
      { index: 2, verdict: "noOpinion" },
    ]);
    recorder.ended(facts);
    expect(rows.flat().map((row) => [row[REVISION_CELL.allowed], row[REVISION_CELL.noOpinion]])).toEqual([
      [0, 0],
      [0, 0],
      [1, 0],
      [0, 1],
    ]);
  });

  it("tells the cause and the place of a failure", () => {
    const told: SlotErrorNotice[] = [];
    const recorder = new StreamRecorder({
      node: "n",
      recordsWanted: false,
      records: () => undefined,
      slotError: (notice) => told.push(notice),
      spans: () => undefined,
    });
    const error = { cause: "trap", message: "unreachable", at: "check" } as const;
    recorder.ended(factsOf([{ slot: "authz", index: 1, failureCause: CAUSE.trap, error }]).facts);
    expect(told).toMatchObject([{ slot: "authz", cause: "trap", message: "unreachable", at: "check", count: 1 }]);
  });
});
