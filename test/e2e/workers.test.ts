// A worker that dies: the others serve on, and it is replaced.

import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fixtureModule } from "../fixtures/fixture-module.ts";
import { Accountant, faultCounts } from "../load/accountant.ts";
import { Installation } from "./installation.ts";

let installation: Installation;
beforeEach(async () => {
  installation = await Installation.create();
});
afterEach(() => installation.close());

// With the most fuel a revision may have one call takes some tenths of a second; as many as one connection may pipeline
// keep its worker from its heartbeat for longer than the 2 s after which it is ended.
const pipelined = 32;
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
    const during = startLoad(proxy.port);
    await during.settled(100);
    const poisonedMs = performance.now();
    const poison = connect(proxy.port, "127.0.0.1");
    poison.on("error", () => poison.destroy());
    poison.write("GET / HTTP/1.1\r\nhost: a.test\r\nx-loop: 1\r\n\r\n".repeat(pipelined));
    await proxy.program.until("the worker's end in the log", () => /no heartbeat/.test(proxy.program.stderr), 60_000);
    const endedMs = performance.now();
    expect(proxy.program.stderr).toMatch(/"last":\{"slot":"fixture","filter":"fixture","revision":"sha256:/);
    poison.destroy();
    const account = await during.stop();
    // Requests on the ended worker's connections are lost and told so; no answer may go astray for it.
    expect(faultCounts(account)).toMatchObject({ doubled: 0, misattributed: 0 });
    expect(
      account.answered.filter(({ sentMs, answeredMs }) => sentMs > poisonedMs && answeredMs < endedMs).length,
    ).toBeGreaterThan(0);

    await proxy.program.until(
      "readiness after it",
      async () => (await fetch(`http://127.0.0.1:${proxy.adminPort}/readyz`)).ok,
    );
    const after = startLoad(proxy.port);
    await after.settled(200);
    expect(faultCounts(await after.stop())).toEqual({ failed: 0, hung: 0, doubled: 0, misattributed: 0 });
  });
});

function startLoad(port: number): Accountant {
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
  return load;
}
