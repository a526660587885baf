// A server whose process has no descriptor left, with nobody who would have refused connections before.

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const FIXTURE = fileURLToPath(new URL("no-descriptors.fixture.ts", import.meta.url));
const ALL = 1_000;
let proxy: ChildProcess;
let port: number;

beforeAll(async () => {
  const args = ["-c", 'ulimit -n 100 && exec "$0" "$1"', process.execPath, FIXTURE];
  proxy = spawn("bash", args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  [{ port }] = (await once(proxy, "message")) as [{ port: number }];
});
afterAll(async () => {
  proxy.disconnect();
  await once(proxy, "exit");
});

/** So many descriptors are free from now on; what the proxy has seen so far. */
async function leave(descriptors: number): Promise<{ connects: number; flags: string[] }> {
  proxy.send(descriptors);
  const [seen] = (await once(proxy, "message")) as [{ connects: number; flags: string[] }];
  return seen;
}

/** Everything the proxy says to a request on a connection of its own. */
async function ask(): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
  socket.on("error", () => {});
  socket.write("GET / HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n");
  await new Promise<void>((resolve) => socket.once("close", () => resolve()));
  return text;
}

describe("HttpServer in a process without descriptors", () => {
  it("answers 503 when there is one for the client and none for the upstream", async () => {
    await leave(1);
    expect(await ask()).toMatch(/^HTTP\/1\.1 503 Service Unavailable/);
    const { connects, flags } = await leave(0);
    expect(connects).toBe(1);
    expect(flags).toEqual(["UF"]);
  });

  it("closes connections that it cannot accept, and serves again when it can", async () => {
    await leave(0);
    for (let i = 0; i < 20; i++) expect(await ask()).toBe("");
    await leave(ALL);
    expect(await ask()).toMatch(/^HTTP\/1\.1 200 OK/);
  });
});
