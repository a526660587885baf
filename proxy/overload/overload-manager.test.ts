import { describe, expect, it } from "vitest";
import { EXCHANGE_COUNTER, EXCHANGE_COUNTER_COUNT } from "../exchange/exchange-counters.ts";
import { CALM_LOOKS } from "./limits.ts";
import { OverloadManager } from "./overload-manager.ts";
import type { OverloadChange } from "./overload-manager.ts";
import { SIGNALS } from "./signals.ts";
import type { SignalName, SignalShares } from "./signals.ts";

function scene() {
  const counters = new Float64Array(EXCHANGE_COUNTER_COUNT);
  const shares: SignalShares = { loopDelay: 0, bytes: 0, descriptors: 0, pending: 0 };
  const changes: OverloadChange[] = [];
  const manager = new OverloadManager({
    counters,
    read: () => ({ ...shares }),
    changed: (change) => void changes.push(change),
  });
  const levels: number[] = [];
  const shrunk: object[] = [];
  manager.add({ overloaded: (level) => void levels.push(level), shrinkCaches: (short) => void shrunk.push(short) });
  const look = (signal: SignalName, share: number, times = 1): void => {
    shares[signal] = share;
    for (let i = 0; i < times; i++) manager.look();
  };
  return { counters, changes, manager, levels, look, shrunk };
}

describe("OverloadManager", () => {
  it.each(SIGNALS)("acts on %s alone, counts each action once and tells of each change once", (signal) => {
    const { counters, changes, manager, levels, look } = scene();
    look(signal, 0.9, 3);
    look(signal, 1, 2);
    look(signal, 0, CALM_LOOKS + 2);
    expect(changes).toEqual([
      { level: 3, before: 0, signal, share: 0.9 },
      { level: 5, before: 3, signal, share: 1 },
      { level: 0, before: 5, signal: "loopDelay", share: 0 },
    ]);
    expect(levels).toEqual([0, 3, 5, 0]);
    const { actionDropMirrors: first, actionRefuseConnections: last } = EXCHANGE_COUNTER;
    expect([...counters.subarray(first, last + 1)]).toEqual([1, 1, 1, 1, 1]);
    expect(manager.state).toMatchObject({ level: 0, actions: [] });
  });

  it("counts the worker as overloaded as long as anything is in force", () => {
    const { counters, manager, look } = scene();
    look("bytes", 0.82);
    expect(counters[EXCHANGE_COUNTER.workersOverloadedLive]).toBe(1);
    expect(manager.state).toMatchObject({ level: 1, actions: ["dropMirrors"], signals: { bytes: 0.82 } });
    look("bytes", 0.1, CALM_LOOKS);
    expect(counters[EXCHANGE_COUNTER.workersOverloadedLive]).toBe(0);
  });

  it("has caches shrunk at every look while that is in force, those that hold what is short", () => {
    const { look, shrunk } = scene();
    look("descriptors", 0.82, 3);
    expect(shrunk).toEqual([]);
    look("descriptors", 0.86, 2);
    look("bytes", 0.9);
    look("descriptors", 0);
    expect(shrunk).toEqual([
      { bytes: false, descriptors: true },
      { bytes: false, descriptors: true },
      { bytes: true, descriptors: true },
      { bytes: true, descriptors: false },
    ]);
  });

  it("gives back nothing that would only have to be made again when time is short", () => {
    const { look, shrunk } = scene();
    look("loopDelay", 1);
    expect(shrunk).toEqual([{ bytes: false, descriptors: false }]);
  });

  it("tells a listener that opens later what is in force", () => {
    const { manager, look } = scene();
    look("pending", 0.96);
    const levels: number[] = [];
    manager.add({ overloaded: (level) => void levels.push(level), shrinkCaches: () => undefined });
    expect(levels).toEqual([4]);
  });
});
