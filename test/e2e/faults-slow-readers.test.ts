// Reused buffers under slow readers: `npm run load -- slow-readers` is the longer run of the same.

import { afterEach, describe, expect, it } from "vitest";
import { Loopback } from "../../proxy/exchange/loopback.ts";
import { plainTcp } from "../../proxy/transport/plain-transport.ts";
import { rawTcp } from "../../proxy/transport/raw-transport.ts";
import { chainWith, holdingsOf, NOTHING, watchfulPlugin } from "../load/books-of-a-proxy.ts";
import { startMarkedOrigin, type MarkedOrigin } from "../load/marked-origin.ts";
import { SlowReaders } from "../load/slow-readers-run.ts";

let origin: MarkedOrigin;
let loopback: Loopback;
afterEach(async () => {
  await expect.poll(() => holdingsOf(loopback)).toEqual(NOTHING);
  await loopback.stop();
  await origin.close();
});

describe("Slow readers beside clients at full load", () => {
  const ways = [
    { name: "raw TCP", transports: rawTcp, isFiltered: false },
    { name: "plain TCP", transports: plainTcp, isFiltered: false },
    { name: "raw TCP past a filter", transports: rawTcp, isFiltered: true },
  ];
  it.each(ways)("never get a byte of another's over $name", async ({ transports, isFiltered }) => {
    origin = await startMarkedOrigin();
    loopback = await Loopback.start({
      transports,
      endpointPort: origin.port,
      ...(isFiltered ? { chain: chainWith(await watchfulPlugin()) } : {}),
    });
    const { port } = loopback;
    const { streams, faults } = await SlowReaders.run({ port, seconds: 1.5, slowClients: 12, fastClients: 12 });
    expect(faults).toEqual([]);
    expect(origin.faults).toEqual([]);
    expect(streams).toBeGreaterThan(24);
  });
});
