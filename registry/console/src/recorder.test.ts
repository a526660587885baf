import { describe, expect, it } from "vitest";
import type { ProxyView, RevisionCounters } from "./api.ts";
import { revisionKey } from "./fleet-counts.ts";
import { FLEET_KEY, Recorder, SAMPLES_MAX, SERIES_MAX } from "./recorder.ts";

function proxyWith(id: string, requests: number, allowed: number, denied: number, revision = "r1"): ProxyView {
  const row = { slot: "rbac", revision, noOpinion: 0, allowed, denied: { PERMISSION_DENIED: denied }, errors: {} };
  return { id, counters: { requests, revisions: [row as unknown as RevisionCounters] } } as unknown as ProxyView;
}

const key = revisionKey("rbac", "r1");

describe("Recorder", () => {
  it("knows no rate before there are two samples", () => {
    const recorder = new Recorder();
    recorder.record([proxyWith("a", 5, 5, 0)], 0);
    expect(recorder.rates(key)).toBeNull();
  });

  it("counts per second over the fleet, by revision", () => {
    const recorder = new Recorder();
    recorder.record([proxyWith("a", 0, 0, 0), proxyWith("b", 100, 90, 10)], 0);
    recorder.record([proxyWith("a", 10, 8, 2), proxyWith("b", 120, 105, 15)], 2_000);
    expect(recorder.rates(key)).toEqual({ decisions: 15, denied: 3.5, errors: 0 });
    expect(recorder.rates(FLEET_KEY)).toMatchObject({ decisions: 15 });
  });

  it("takes what a proxy counted before it was heard of as past, and a restart as a start from zero", () => {
    const recorder = new Recorder();
    recorder.record([proxyWith("a", 10, 10, 0)], 0);
    recorder.record([proxyWith("a", 10, 10, 0), proxyWith("late", 5_000, 5_000, 0)], 1_000);
    expect(recorder.rates(key)).toMatchObject({ decisions: 0 });
    recorder.record([proxyWith("a", 4, 4, 0), proxyWith("late", 5_000, 5_000, 0)], 2_000);
    expect(recorder.rates(key)).toMatchObject({ decisions: 2 });
  });

  it("leaves a gap where nothing was heard for long", () => {
    const recorder = new Recorder();
    recorder.record([proxyWith("a", 0, 0, 0)], 0);
    recorder.record([proxyWith("a", 60, 60, 0)], 60_000);
    expect(recorder.rates(key)).toBeNull();
    expect(recorder.table("decisions", [key], 300_000).columns).toEqual([[null, null]]);
  });

  it("keeps the newest samples and so many series, however long it runs", () => {
    const recorder = new Recorder();
    for (let i = 0; i < SAMPLES_MAX + 100; i++) recorder.record([proxyWith("a", i, i, 0)], i * 1_000);
    const { times, columns } = recorder.table("decisions", [key], 10 * SAMPLES_MAX * 1_000);
    expect(times).toHaveLength(SAMPLES_MAX);
    expect(times.at(-1)).toBe(SAMPLES_MAX + 99);
    expect(columns[0]!.at(-1)).toBe(1);
    for (let i = 0; i < SERIES_MAX; i++) {
      recorder.record([proxyWith("a", 1, 1, 0, `other-${i}`)], (SAMPLES_MAX + 200 + i) * 1_000);
    }
    expect(recorder.rates(key)).toBeNull();
    expect(recorder.rates(FLEET_KEY)).not.toBeNull();
  });
});
