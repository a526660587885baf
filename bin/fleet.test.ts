import type { ProxyView } from "@sluice/registry";
import { describe, expect, it } from "vitest";
import { fleetSentence, fleetState, requireApplied } from "./fleet.ts";

function proxy(id: string, facts: Partial<ProxyView>): ProxyView {
  const nothing = { notLoaded: [], overrides: [], counters: null, conflict: [], labels: {}, deployment: "default" };
  return { id, ...nothing, connected: true, wanted: 5, applied: 4, refused: null, ready: true, lastSeen: "", ...facts };
}

describe("fleetState", () => {
  const refused = { number: 5, code: "SLUICE-E2001", message: "configure said no", hint: "Mend it." };
  const rows = [
    { name: "one that applied it", proxy: proxy("p", { applied: 5 }), field: "applied" },
    { name: "one that runs a later one", proxy: proxy("p", { wanted: 6, applied: 6 }), field: "applied" },
    { name: "one that has not answered", proxy: proxy("p", {}), field: "waiting" },
    { name: "one that is not connected", proxy: proxy("p", { connected: false }), field: "away" },
    {
      name: "one that refused an earlier number only",
      proxy: proxy("p", { refused: { ...refused, number: 3 } }),
      field: "waiting",
    },
  ];
  for (const row of rows) {
    it(`counts ${row.name} as ${row.field}`, () => {
      const empty = { applied: [], refused: [], waiting: [], away: [] };
      expect(fleetState([row.proxy], 5)).toEqual({ ...empty, [row.field]: ["p"] });
    });
  }

  it("leaves out proxies that the deployment is not for", () => {
    expect(fleetState([proxy("p", { wanted: null })], 5)).toEqual({ applied: [], refused: [], waiting: [], away: [] });
  });

  it("names a refusal with its reason, and requireApplied ends on it", () => {
    const state = fleetState([proxy("p", { refused }), proxy("q", { applied: 5 })], 5);
    expect(state.refused).toEqual([{ id: "p", code: "SLUICE-E2001", message: "configure said no", hint: "Mend it." }]);
    expect(() => requireApplied(state, 5)).toThrow("p refused it: configure said no – Mend it. (SLUICE-E2001)");
  });

  it("says who applied it and who is away", () => {
    const state = fleetState([proxy("p", { applied: 5 }), proxy("q", { connected: false })], 5);
    expect(() => requireApplied(state, 5)).not.toThrow();
    expect(fleetSentence(state)).toBe("applied by p; not connected: q");
  });
});
