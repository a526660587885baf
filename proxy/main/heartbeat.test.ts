import { describe, expect, it } from "vitest";
import { Heartbeat } from "./heartbeat.ts";
import { HEARTBEAT_CHECK_MS } from "./limits.ts";

describe("Heartbeat", () => {
  it("adds up the silence while main looks in time", () => {
    const heartbeat = new Heartbeat(0);
    for (let look = 1; look <= 8; look++) heartbeat.look(0, look * HEARTBEAT_CHECK_MS);
    expect(heartbeat.silentMs).toBe(8 * HEARTBEAT_CHECK_MS);
  });

  it("starts over with every new beat", () => {
    const heartbeat = new Heartbeat(0);
    heartbeat.look(0, HEARTBEAT_CHECK_MS);
    heartbeat.look(1, 2 * HEARTBEAT_CHECK_MS);
    expect(heartbeat.silentMs).toBe(0);
  });

  it("blames nobody for the time in which main was not awake either", () => {
    const heartbeat = new Heartbeat(0);
    heartbeat.look(5, HEARTBEAT_CHECK_MS);
    heartbeat.look(5, 60_000);
    expect(heartbeat.silentMs).toBe(2 * HEARTBEAT_CHECK_MS);
  });
});
