import { describe, expect, it } from "vitest";
import { EndpointDirectory } from "../routing/endpoint-directory.ts";
import { TELL_FAILING_MS } from "./limits.ts";
import { OutlierWatch } from "./outlier-watch.ts";

const CONFIG = {
  consecutive5xx: 3,
  consecutiveGatewayFailures: 2,
  ejectionTimeMs: 1,
  ejectionTimeMaxMs: 1,
  ejectedPercentMax: 1,
};

function watching(config: Partial<typeof CONFIG> = {}) {
  const clock = { nowMs: 0 };
  const told: number[] = [];
  const tell = (): void => void told.push(clock.nowMs);
  const watch = new OutlierWatch({ ...CONFIG, ...config }, tell, () => clock.nowMs);
  const [endpoint] = new EndpointDirectory().cluster("c").endpointsOf({ host: "h", port: 1 });
  return { clock, told, watch, endpoint: endpoint! };
}

describe("OutlierWatch", () => {
  it.each([
    ["all errors", {}, [500, 500, 500], 1],
    ["a gateway's earlier", {}, [502, 504], 1],
    ["none that a good answer divides", {}, [502, 200, 503, 500, 404, 500, 500], 0],
    ["not what is switched off", { consecutive5xx: 0 }, [500, 500, 500, 500, 502, 500, 503], 0],
    ["not a gateway's where that is switched off", { consecutiveGatewayFailures: 0 }, [502, 502], 0],
    ["the client's errors never", {}, [400, 429, 499, 404], 0],
  ])("counts %s", (_name, config, statuses, times) => {
    const { watch, told, endpoint } = watching(config);
    for (const status of statuses) watch.answered(endpoint, status);
    expect(told).toHaveLength(times);
  });

  it("counts what never answered as a gateway's failure", () => {
    const { watch, told, endpoint } = watching();
    watch.failed(endpoint);
    watch.answered(endpoint, 503);
    expect(told).toHaveLength(1);
  });

  it("does not tell all the time of an endpoint that stays in", () => {
    const { watch, told, endpoint, clock } = watching();
    for (; clock.nowMs <= 3 * TELL_FAILING_MS; clock.nowMs++) watch.failed(endpoint);
    expect(told).toEqual([1, 1 + TELL_FAILING_MS, 1 + 2 * TELL_FAILING_MS]);
  });
});
