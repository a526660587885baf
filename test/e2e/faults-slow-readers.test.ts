// Reused buffers under slow readers: `npm run load -- slow-readers` is the longer run of the same.

import { afterEach, describe, expect, it } from "vitest";
import { STAGE_BYTES } from "../../proxy/codec/limits.ts";
import { Loopback } from "../../proxy/exchange/loopback.ts";
import { rawTcp } from "../../proxy/transport/raw-transport.ts";
import { chainWith, holdingsOf, NOTHING, watchfulPlugin } from "../load/books-of-a-proxy.ts";
import { startMarkedOrigin, type MarkedOrigin } from "../load/marked-origin.ts";
import { SlowReaders } from "../load/slow-readers-run.ts";

let origin: MarkedOrigin;
let loopback: Loopback;
afterEach(async () => {
  await expect.poll(() => holdingsOf(loopback), { timeout: 10_000 }).toEqual(NOTHING);
  await loopback.stop();
  await origin.close();
});

describe("Slow readers beside clients at full load", () => {
  const ways = [
    { name: "raw TCP", isFiltered: false },
    { name: "raw TCP past a filter", isFiltered: true },
  ];
  it.each(ways)("never get a byte of another's over $name", async ({ isFiltered }) => {
    origin = await startMarkedOrigin();
    loopback = await Loopback.start({
      transports: rawTcp,
      endpointPort: origin.port,
      ...(isFiltered ? { chain: chainWith(await watchfulPlugin()) } : {}),
    });
    const { port, account } = loopback;
    let mostHeld = 0;
    const hold = account.hold.bind(account);
    // Each change of it: what is looked at now and then has missed the moment that two readers were behind.
    account.hold = (bytes) => {
      hold(bytes);
      mostHeld = Math.max(mostHeld, account.held);
    };
    const { streams, faults } = await SlowReaders.run({ port, seconds: 1, slowClients: 8, fastClients: 8 });
    // Writes have pended, else nothing was shown.
    expect(mostHeld).toBeGreaterThan(STAGE_BYTES);
    expect(faults).toEqual([]);
    expect(origin.faults).toEqual([]);
    expect(streams).toBeGreaterThan(16);
  });
});
