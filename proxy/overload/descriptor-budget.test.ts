import { describe, expect, it } from "vitest";
import { settleLimits } from "../contract/index.ts";
import { descriptorBudget, descriptorLimit, withinBudget } from "./descriptor-budget.ts";
import { CONNECTIONS_LEFT_MIN, OTHER_DESCRIPTORS } from "./limits.ts";

const limits = settleLimits({ connections: 1_000, upstreamConnections: 500 });
const needs = { listeners: 2, listening: 64 };

describe("descriptorBudget", () => {
  it("leaves bounds alone that fit", () => {
    const budget = descriptorBudget(limits, needs, 2_500 + OTHER_DESCRIPTORS + needs.listening);
    expect(budget).toMatchObject({ isLowered: false, connections: 1_000, upstreamConnections: 500 });
    expect(withinBudget(limits, budget)).toEqual(limits);
  });

  it("lowers both in proportion when one descriptor is missing, so that all fit", () => {
    const free = 2_499;
    const budget = descriptorBudget(limits, needs, free + OTHER_DESCRIPTORS + needs.listening);
    expect(budget).toMatchObject({ isLowered: true, connections: 999, upstreamConnections: 499 });
    expect(2 * budget.connections + budget.upstreamConnections).toBeLessThanOrEqual(free);
    expect(withinBudget(limits, budget)).toMatchObject({ connectionsMax: 999, upstreamConnectionsMax: 499 });
  });

  it("leaves a few of each however little there is", () => {
    const none = { isLowered: true, connections: CONNECTIONS_LEFT_MIN, upstreamConnections: CONNECTIONS_LEFT_MIN };
    expect(descriptorBudget(limits, needs, 0)).toMatchObject(none);
    expect(descriptorBudget(settleLimits({ connections: 2 }), needs, 0)).toMatchObject({ connections: 2 });
  });
});

describe("descriptorLimit", () => {
  it("is what the system lets this process have", () => {
    expect(descriptorLimit()).toBeGreaterThan(100);
  });
});
