import { describe, expect, it } from "vitest";
import { WorkerProfiler } from "./worker-profiler.ts";

interface CpuProfile {
  readonly nodes: readonly { readonly callFrame: { readonly functionName: string } }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

function spinForTheProfile(): number {
  let sum = 0;
  for (const endMs = performance.now() + 100; performance.now() < endMs;) sum += Math.sqrt(sum + 2);
  return sum;
}

describe("WorkerProfiler", () => {
  it("samples where the thread's time goes", async () => {
    const profiler = new WorkerProfiler();
    await profiler.start("cpu");
    expect(spinForTheProfile()).toBeGreaterThan(0);
    const profile = (await profiler.stop()) as CpuProfile;
    expect(profile.nodes.map(({ callFrame }) => callFrame.functionName)).toContain("spinForTheProfile");
    expect(profile.samples.length).toBeGreaterThan(10);
    expect(profile.timeDeltas.length).toBe(profile.samples.length);
  });

  it("samples what is allocated and held", async () => {
    const profiler = new WorkerProfiler();
    await profiler.start("heap");
    const held = Array.from({ length: 50_000 }, (_, index) => ({ index, text: `held ${index}` }));
    const profile = (await profiler.stop()) as { head: { children: object[] }; samples: object[] };
    expect(held.length).toBe(50_000);
    expect(profile.head.children.length).toBeGreaterThan(0);
    expect(profile.samples.length).toBeGreaterThan(0);
  });

  it("has nothing to tell when none is under way, and begins anew after one that was given up", async () => {
    const profiler = new WorkerProfiler();
    expect(await profiler.stop()).toBeNull();
    await profiler.start("heap");
    await profiler.start("cpu");
    expect(await profiler.stop()).toHaveProperty("nodes");
    expect(await profiler.stop()).toBeNull();
  });
});
