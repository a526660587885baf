import pino from "pino";
import { describe, expect, it } from "vitest";
import { RollingReplacement } from "./rolling-replacement.ts";

const bounds = { deadlineMs: 1_000, idleMs: 0 };
const log = pino({ level: "silent" });

/** Three workers, of which those named cannot be replaced. */
function poolOf(stuck: Readonly<Record<number, string>>) {
  const asked: number[] = [];
  const renew = async (worker: number): Promise<string | null> => (asked.push(worker), stuck[worker] ?? null);
  return { pool: { count: 3, renew }, asked };
}

describe("RollingReplacement", () => {
  it("replaces all, one after the other, and tells when it is over", async () => {
    const { pool, asked } = poolOf({});
    const replacement = new RollingReplacement(pool, log);
    expect([replacement.progress, replacement.isRunning]).toEqual([null, false]);
    const over = replacement.run(bounds);
    expect([replacement.progress, replacement.isRunning]).toMatchObject([{ replaced: 0, current: 0 }, true]);
    expect(await over).toMatchObject({ workers: 3, replaced: 3, current: null, failed: null });
    expect(replacement.isRunning).toBe(false);
    expect(asked).toEqual([0, 1, 2]);
  });

  it("stops at the first that cannot be replaced, and begins anew when asked again", async () => {
    const { pool, asked } = poolOf({ 1: "it does not serve now" });
    const replacement = new RollingReplacement(pool, log);
    expect(await replacement.run(bounds)).toMatchObject({ replaced: 1, failed: "it does not serve now" });
    expect(await replacement.run(bounds)).toMatchObject({ replaced: 1, failed: "it does not serve now" });
    expect(asked).toEqual([0, 1, 0, 1]);
  });
});
