import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { expect, it } from "vitest";
import { RawOrigin } from "../mirror/mirroring.fixture.ts";

it("callouts that are out keep no thread alive", async () => {
  const silent = await RawOrigin.start(() => {});
  const thread = new Worker(new URL("./waiting-thread.fixture.ts", import.meta.url), { workerData: silent.port });
  expect(await once(thread, "exit")).toEqual([0]);
  await silent.stop();
});
