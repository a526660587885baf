// The scenarios under load: who takes part, what is asked, and what of it is a budget.

import { atLeast, atMost, type Figure } from "./figure.ts";
import type { LoadRounds } from "./load-rounds.ts";

export type ContenderName = "nginx" | "nginx with Lua" | "haproxy" | "sluice" | "sluice with 3 filters";

export interface LoadScenario {
  readonly contenders: readonly ContenderName[];
  readonly connections: number;
  readonly path: string;
  readonly postBytes?: number;
  budgets(rounds: LoadRounds): Figure[];
}

/** Of /files/, served by the origin. */
export const LARGE_FILE = { name: "100k.txt", bytes: 102_400 };

const PEERS: readonly ContenderName[] = ["nginx", "haproxy", "sluice"];

export const LOAD_SCENARIOS: Readonly<Record<string, LoadScenario>> = {
  plain: {
    contenders: PEERS,
    connections: 64,
    path: "/",
    budgets: (rounds) => [
      atLeast("plain: throughput, sluice by nginx", rounds.ratio("requestsPerSecond", "sluice", "nginx"), "x", 0.88),
      atMost("plain: CPU per request, sluice by nginx", rounds.ratio("cpuUs", "sluice", "nginx"), "x", 1.15),
    ],
  },
  filters: {
    contenders: ["nginx", "nginx with Lua", "sluice", "sluice with 3 filters"],
    connections: 64,
    path: "/orders/1742",
    budgets: (rounds) => [
      atLeast(
        "filters: throughput, sluice with 3 filters by sluice",
        rounds.ratio("requestsPerSecond", "sluice with 3 filters", "sluice"),
        "x",
        0.93,
      ),
      atMost(
        "filters: CPU per request, sluice with 3 filters by nginx with Lua",
        rounds.ratio("cpuUs", "sluice with 3 filters", "nginx with Lua"),
        "x",
        1.2,
      ),
    ],
  },
  "large-bodies": {
    contenders: PEERS,
    connections: 64,
    path: `/files/${LARGE_FILE.name}`,
    budgets: () => [],
  },
  post: { contenders: PEERS, connections: 64, path: "/orders/", postBytes: 4096, budgets: () => [] },
  "one-connection": {
    contenders: PEERS,
    connections: 1,
    path: "/",
    budgets: (rounds) => [
      atMost("one-connection: p50, sluice above nginx", rounds.difference("p50Us", "sluice", "nginx"), "us", 10),
      atMost("one-connection: p99, sluice by nginx", rounds.ratio("p99Us", "sluice", "nginx"), "x", 1.5),
    ],
  },
  "thousand-connections": {
    contenders: PEERS,
    connections: 1000,
    path: "/",
    budgets: (rounds) => [
      atMost("thousand-connections: p99, sluice by nginx", rounds.ratio("p99Us", "sluice", "nginx"), "x", 1),
    ],
  },
};
