import type { SlotReport } from "@sluice/abi";
import { describe, expect, it } from "vitest";
import { ErrorNotices } from "./error-notices.ts";

function failed(cause: string): SlotReport {
  const error = { cause, message: "unreachable", at: "check" };
  return { slot: "s", revision: "r", filter: "f", error } as SlotReport;
}

describe("ErrorNotices", () => {
  it("tells the first of a kind at once, then one a second with the count of alike ones", () => {
    const told: [string, number][] = [];
    const notices = new ErrorNotices(({ cause, count }) => told.push([cause, count]));
    notices.note(failed("trap"), 0);
    notices.note(failed("trap"), 10);
    notices.note(failed("fuel"), 20);
    notices.note(failed("trap"), 999);
    notices.note(failed("trap"), 1000);
    expect(told).toEqual([
      ["trap", 1],
      ["fuel", 1],
      ["trap", 3],
    ]);
  });
});
