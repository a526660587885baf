// Everything at once: `npm run load -- storm` blows longer, and with the seed that is printed again.

import type { Plugin } from "@sluice/abi";
import { afterEach, describe, expect, it } from "vitest";
import { Loopback } from "../../proxy/exchange/loopback.ts";
import { chainWith, holdingsOf, NOTHING, openSockets, watchfulPlugin } from "../load/books-of-a-proxy.ts";
import { Storm, STORM_OPTIONS } from "../load/storm-run.ts";

let loopback: Loopback;
let plugin: Plugin | null = null;
afterEach(async () => {
  await expect.poll(() => holdingsOf(loopback), { timeout: 10_000 }).toEqual(NOTHING);
  await loopback.stop();
  await expect.poll(openSockets).toBe(0);
  plugin?.close();
  expect(plugin?.instancesLive ?? 0).toBe(0);
  plugin = null;
});

describe("A storm of clients and upstreams that do what they like", () => {
  const ways = [
    { name: "a proxy without filters", isFiltered: false, seed: 1 },
    { name: "a proxy with a filter", isFiltered: true, seed: 2 },
  ];
  it.each(ways)("leaves nothing in $name and gives each request its own answer", async ({ isFiltered, seed }) => {
    if (isFiltered) plugin = await watchfulPlugin();
    const storm = new Storm({ seed, clients: 100, abreast: 50 });
    loopback = await Loopback.start({
      ...STORM_OPTIONS,
      upstream: storm.upstream,
      ...(plugin === null ? {} : { chain: chainWith(plugin) }),
    });
    const { faults, ofTheUpstream } = await storm.blow(loopback);
    expect(faults).toEqual([]);
    expect(ofTheUpstream).toBeGreaterThan(0);
  });
});
