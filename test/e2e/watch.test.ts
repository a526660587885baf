// `sluice proxy --watch`: a saved document or module serves without a signal, a broken one changes nothing.

import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fixtureModule } from "../fixtures/fixture-module.ts";
import { until } from "./program.ts";
import { RunningProxy, deploymentText } from "./running-proxy.ts";

let proxy: RunningProxy;

beforeEach(async () => {
  proxy = await RunningProxy.prepare();
  await proxy.write("deployment.yaml", deploymentText(3));
  await proxy.start(["--watch"]);
});
afterEach(() => proxy.close());

function untilStatus(status: number): Promise<void> {
  return until(
    () => `the proxy does not answer ${status}: ${proxy.stderr.slice(-2000)}`,
    async () => (await proxy.get()).status === status,
  );
}

/** As editors do it: another file takes the name. */
async function saveAtomically(name: string, content: string | Uint8Array): Promise<void> {
  const aside = join(proxy.folder, `.${name}.swp`);
  await writeFile(aside, content);
  await rename(aside, join(proxy.folder, name));
}

describe("A proxy with --watch", () => {
  it("applies a saved deployment, keeps what serves under a broken one, and goes on when it is mended", async () => {
    expect((await proxy.get()).status).toBe(403);
    await proxy.write("deployment.yaml", deploymentText(9));
    await untilStatus(409);
    await saveAtomically("deployment.yaml", "kind: Deploy");
    await proxy.until(() => proxy.stderr.includes("reload refused (a watched file changed)"));
    expect((await proxy.get()).status).toBe(409);
    await saveAtomically("deployment.yaml", deploymentText(3));
    await untilStatus(403);
  });

  it("applies a saved module and a saved machine document", async () => {
    // Lets everything pass, where the one before answered itself.
    await saveAtomically("answering.wasm", await fixtureModule("revision-marker"));
    await untilStatus(200);
    await proxy.changeMachine((text) =>
      text.replace("name: all, cluster", "name: all, match: { path: { prefix: /a } }, cluster"),
    );
    await untilStatus(404);
  });

  it("refuses to go back to a module whose file was overwritten, and says so", async () => {
    await saveAtomically("answering.wasm", await fixtureModule("revision-marker"));
    await untilStatus(200);
    const answer = await proxy.admin("POST", "/override", undefined, { slot: "answering", kind: "previous" });
    expect([answer.status, await answer.text()]).toEqual([422, expect.stringContaining("SLUICE-E2049")]);
    expect((await proxy.get()).status).toBe(200);
  });
});
