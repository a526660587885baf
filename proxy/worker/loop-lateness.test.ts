import { describe, expect, it } from "vitest";
import { HEARTBEAT_INTERVAL_MS, LATENESS_WINDOW_MS } from "./limits.ts";
import { LoopLateness } from "./loop-lateness.ts";

describe("LoopLateness", () => {
  it("tells the latest beat of its window and forgets it behind", () => {
    const lateness = new LoopLateness(1_000);
    let nowMs = 1_000;
    const beatAfter = (ms: number): void => lateness.beat((nowMs += ms));
    beatAfter(HEARTBEAT_INTERVAL_MS - 1);
    expect(lateness.worstMs).toBe(0);
    beatAfter(HEARTBEAT_INTERVAL_MS + 30);
    beatAfter(HEARTBEAT_INTERVAL_MS + 10);
    expect(lateness.worstMs).toBe(30);
    const beats = LATENESS_WINDOW_MS / HEARTBEAT_INTERVAL_MS;
    for (let beat = 2; beat < beats; beat++) beatAfter(HEARTBEAT_INTERVAL_MS);
    expect(lateness.worstMs).toBe(30);
    beatAfter(HEARTBEAT_INTERVAL_MS);
    expect(lateness.worstMs).toBe(10);
  });
});
