import { createServer } from "node:http";
import type { Server } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { ProfileDesk } from "./profile-desk.ts";
import type { ProfiledWorker } from "./profile-desk.ts";

let server: Server;
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** What a call is answered with by a desk whose only worker is this one. */
async function answerOf(worker: ProfiledWorker, query: string): Promise<{ status: number; body: object }> {
  const desk = new ProfileDesk((index) => (index === 0 ? worker : null));
  server = createServer((_request, response) => desk.take(new URLSearchParams(query))(response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const answer = await fetch(`http://127.0.0.1:${(server.address() as { port: number }).port}`);
  return { status: answer.status, body: (await answer.json()) as object };
}

describe("ProfileDesk", () => {
  it("answers with the profile when its time is over", async () => {
    const asked: string[] = [];
    const worker: ProfiledWorker = {
      startProfile: async (kind) => (asked.push(kind), true),
      stopProfile: async () => ({ nodes: asked }),
    };
    expect(await answerOf(worker, "seconds=0.01&kind=heap")).toEqual({ status: 200, body: { nodes: ["heap"] } });
  });

  it.each([
    { name: "does not begin", startProfile: async () => false, stopProfile: async () => ({ nodes: [] }) },
    { name: "ends meanwhile", startProfile: async () => true, stopProfile: async () => null },
  ])("answers 503 when the worker $name", async ({ startProfile, stopProfile }) => {
    const answer = await answerOf({ startProfile, stopProfile }, "seconds=0.01");
    expect(answer).toMatchObject({ status: 503, body: { code: "SLUICE-E2073" } });
  });
});
