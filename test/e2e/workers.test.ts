// A worker that dies: the others serve on, and it is replaced.

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fixtureModule } from "../fixtures/fixture-module.ts";
import { Accountant, faultCounts } from "../load/accountant.ts";
import { Installation } from "./installation.ts";

let installation: Installation;
beforeEach(async () => {
  installation = await Installation.create();
});
afterEach(() => installation.close());

// With the most fuel a revision may have one call takes most of a second; several in one turn of the event loop keep the
// worker from its heartbeat for longer than the 2 s after which it is ended.
const deployment = `apiVersion: sluice/v1
kind: Deployment
name: default
slots:
  - name: fixture
    phase: OTHER
    isolation: shared
    revisions: [{ filter: fixture, module: fixture.wasm, limits: { fuel: 1000000000 } }]
`;

describe("A worker without a heartbeat", () => {
  it("is ended and replaced while the others serve", async () => {
    installation.writeFor("proxy-1", "fixture.wasm", await fixtureModule("loop-on-header"));
    const proxy = await installation.startProxy("proxy-1", { workers: 2, deployment });
    const { port } = proxy;
    const poison = Array.from({ length: 24 }, () =>
      fetch(`http://127.0.0.1:${port}/`, { headers: { "x-loop": "1" } }).then(
        (answer) => answer.status,
        () => 0,
      ),
    );
    await proxy.program.until(
      "the worker's end in the log",
      () => /heartbeat/.test(proxy.program.stderr + proxy.program.stdout),
      60_000,
    );
    await Promise.all(poison);
    await proxy.program.until(
      "readiness after it",
      async () => (await fetch(`http://127.0.0.1:${proxy.adminPort}/readyz`)).ok,
    );

    const load = new Accountant({
      host: "127.0.0.1",
      port,
      connections: 8,
      requestsPerSecond: 200,
      request: () => ({ path: "/" }),
      revisionsOf: () => ["fixture"],
      isExpected: (answer) => answer.status === 200,
    });
    load.start();
    await load.settled(200);
    expect(faultCounts(await load.stop())).toEqual({ failed: 0, hung: 0, doubled: 0, misattributed: 0 });
  });
});
