import { once } from "node:events";
import { createServer } from "node:http";
import type { Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { RegistryApi } from "./registry-api.ts";

const digest = `sha256:${"a".repeat(64)}` as const;

let registry: Server;
afterEach(() => {
  registry.closeAllConnections();
  registry.close();
});

async function apiTo(answer: (response: ServerResponse) => void): Promise<RegistryApi> {
  registry = createServer((_request, response) => answer(response)).listen(0, "127.0.0.1");
  await once(registry, "listening");
  const address = `http://127.0.0.1:${(registry.address() as AddressInfo).port}`;
  return new RegistryApi({ address, tokenFile: null, node: { id: "p1", labels: {} }, blobTimeoutMs: 300 });
}

describe("a blob", () => {
  it("that drips in for ever is given up", async () => {
    const api = await apiTo((response) => {
      const drip = setInterval(() => response.write("x"), 50);
      response.on("close", () => clearInterval(drip));
    });
    await expect(api.blob(digest)).rejects.toMatchObject({
      code: "SLUICE-E2006",
      message: expect.stringContaining("not there after 300 ms") as string,
    });
  });

  it("that breaks off is told as not fetched", async () => {
    const api = await apiTo((response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("x", () => response.destroy());
    });
    await expect(api.blob(digest)).rejects.toMatchObject({ code: "SLUICE-E2006" });
  });

  it("with other bytes than its digest says is refused", async () => {
    const api = await apiTo((response) => response.end("x"));
    await expect(api.blob(digest)).rejects.toMatchObject({ code: "SLUICE-E2007" });
  });
});
