import { closeSync, openSync, statSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { LATE_LOOKS, LOOP_SAMPLE_MS, OTHER_DESCRIPTORS } from "./limits.ts";
import { LoopDelay, descriptorsUsed } from "./signals.ts";

const opened: number[] = [];
afterEach(() => {
  for (const descriptor of opened.splice(0)) closeSync(descriptor);
});

const systemTells = (statSync("/proc/self/fd", { throwIfNoEntry: false })?.size ?? 0) > 0;

describe("descriptorsUsed", () => {
  it.runIf(systemTells)("counts what the process has open, whatever holes there are", () => {
    const before = descriptorsUsed(1_000_000, 0);
    for (let i = 0; i < 100; i++) opened.push(openSync("/dev/null", "r"));
    for (const descriptor of opened.splice(0, 50)) closeSync(descriptor);
    expect(descriptorsUsed(1_000_000, 0)).toBeGreaterThanOrEqual(before + 50);
    for (const descriptor of opened.splice(0)) closeSync(descriptor);
    expect(descriptorsUsed(1_000_000, 0)).toBeLessThan(before + 50);
  });

  it("takes connections and room for the rest where the system does not tell", () => {
    expect(descriptorsUsed(1_000, 100, "/no/such/folder")).toBe(100 + OTHER_DESCRIPTORS);
    expect(descriptorsUsed(1_000, 900, "/no/such/folder")).toBe(1_000);
  });
});

describe("LoopDelay", () => {
  it("is the least of the last looks, so that one long turn is none", async () => {
    const delay = new LoopDelay();
    delay.start();
    try {
      const late: number[] = [];
      for (let i = 0; i <= LATE_LOOKS; i++) {
        await blockFor(3 * LOOP_SAMPLE_MS);
        late.push(delay.look());
      }
      expect(late.slice(0, LATE_LOOKS - 1).every((ms) => ms === 0)).toBe(true);
      expect(late.at(-1)).toBeGreaterThan(LOOP_SAMPLE_MS);
    } finally {
      delay.stop();
    }
  });
});

/** Keeps the loop from turning, and lets it turn once. */
async function blockFor(ms: number): Promise<void> {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
  await new Promise((resolve) => setTimeout(resolve, 0));
}
