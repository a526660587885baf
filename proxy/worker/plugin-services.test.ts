import { describe, expect, it } from "vitest";
import type { TickTarget } from "@sluice/abi";
import { Plugin } from "@sluice/abi/data-path";
import { pluginServices } from "./plugin-services.ts";
import type { ServicesParts } from "./plugin-services.ts";

describe("pluginServices", () => {
  it("lets streams wait on a worker where the plugin's own ticks do not run", async () => {
    const { timers } = pluginServices({ nodeId: "n", ticks: false } as ServicesParts);
    const told: string[] = [];
    const plugin = Object.assign(Object.create(Plugin.prototype) as TickTarget, {
      tick: () => void told.push("plugin"),
    });
    timers.schedule(plugin, 0);
    await new Promise<void>((resolve) => {
      timers.schedule({ tick: () => (told.push("stream"), resolve()) }, 1);
    });
    expect(told).toEqual(["stream"]);
  });
});
