import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { watch } from "node:fs";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { sha256 } from "@sluice/proxy/contract";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { testModule } from "./test-module.ts";

const ROUNDS = 10;
const KILL_AFTER_START_MS_MAX = 400;
/** From a push's first blob to its answer. */
const KILL_AFTER_BLOB_MS_MAX = 25;

let stateDir: string;
let running: ChildProcess | null = null;
beforeEach(async () => void (stateDir = await mkdtemp(join(tmpdir(), "sluice-crash-"))));
afterEach(async () => {
  // Still there only when an expectation failed in between.
  running?.kill("SIGKILL");
  await rm(stateDir, { recursive: true, force: true });
});

/** What the registry has said yes to, and must therefore never lose. */
interface Acknowledged {
  readonly tags: Map<string, string>;
  number: number;
}

describe("a registry killed at a random moment", () => {
  it("loses nothing it has acknowledged and leaves nothing half done", { timeout: 120_000 }, async () => {
    const module = await testModule();
    const acknowledged: Acknowledged = { tags: new Map(), number: 0 };
    for (let round = 0; round < ROUNDS; round += 1) {
      const server = await startServer();
      await verify(server.client, acknowledged, round);
      const first = { pushed: Promise.withResolvers<void>(), deployed: Promise.withResolvers<void>() };
      const work = Promise.all([
        pushing(server.client, module, acknowledged, { round, first: first.pushed }),
        deploying(server.client, acknowledged, first.deployed),
      ]);
      // The first round waits for a yes to both; the others are cut anywhere, every second one where blobs become rows.
      const moment = round === 0 ? Promise.all([first.pushed.promise, first.deployed.promise]) : momentOf(round);
      await Promise.race([moment, work]);
      await kill(server.child, "SIGKILL");
      await work;
    }
    const server = await startServer();
    await verify(server.client, acknowledged, ROUNDS);
    await kill(server.child, "SIGTERM");
    // A test in which nothing was ever acknowledged would show nothing.
    expect(acknowledged.tags.size).toBeGreaterThan(0);
    expect(acknowledged.number).toBeGreaterThan(0);
  });
});

interface Client {
  readonly call: (
    method: string,
    path: string,
    init?: { body?: string | Uint8Array<ArrayBuffer>; headers?: Record<string, string> },
  ) => Promise<Response>;
}

async function startServer(): Promise<{ child: ChildProcess; client: Client }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "registry-process.ts"), stateDir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  running = child;
  const [line] = (await once(child.stdout!, "data")) as [Buffer];
  const url = `http://${line.toString().trim()}`;
  const token = (await readFile(join(stateDir, "admin.token"), "utf8")).trim();
  const call: Client["call"] = (method, path, { body, headers = {} } = {}) =>
    fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, ...headers },
      ...(body === undefined ? {} : { body }),
    });
  return { child, client: { call } };
}

async function momentOf(round: number): Promise<void> {
  const atBlobs = round % 2 === 0;
  if (atBlobs) await blobAppears();
  await pause(Math.random() * (atBlobs ? KILL_AFTER_BLOB_MS_MAX : KILL_AFTER_START_MS_MAX));
}

/** Resolves when the next blob of a push is placed. */
async function blobAppears(): Promise<void> {
  const watcher = watch(join(stateDir, "registry", "oci", "blobs", "sha256"));
  await once(watcher, "change");
  watcher.close();
}

async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const ended = once(child, "exit");
  child.kill(signal);
  await ended;
}

/** Pushes one version after the other, each under its own tag, until the registry is gone. */
async function pushing(
  client: Client,
  module: Uint8Array,
  acknowledged: Acknowledged,
  { round, first }: { readonly round: number; readonly first: PromiseWithResolvers<void> },
): Promise<void> {
  for (let count = 0; ; count += 1) {
    const tag = `r${round}-${count}`;
    const headers = { "content-type": "application/wasm" };
    const answer = await whileAlive(
      client.call("PUT", `/v1/filters/gate/versions?tag=${tag}`, { body: marked(module, tag), headers }),
    );
    if (answer === null) return;
    expect(answer.status).toBe(201);
    acknowledged.tags.set(tag, (answer.json as { version: string }).version);
    first.resolve();
  }
}

async function deploying(client: Client, acknowledged: Acknowledged, first: PromiseWithResolvers<void>): Promise<void> {
  // A write that was stored but not answered before the last kill is the number to build on now.
  const current = await whileAlive(client.call("GET", "/v1/deployments/default"));
  let number = current?.status === 200 ? (current.json as { number: number }).number : 0;
  for (;;) {
    const body = JSON.stringify({
      apiVersion: "sluice/v1",
      kind: "Deployment",
      name: "default",
      slots: [],
      why: `after ${number}`,
    });
    const headers = { "content-type": "application/json", "if-match": String(number) };
    const answer = await whileAlive(client.call("PUT", "/v1/deployments/default", { body, headers }));
    if (answer === null) return;
    expect(answer.status).toBe(200);
    number = (answer.json as { number: number }).number;
    acknowledged.number = number;
    first.resolve();
  }
}

/** The answer, or null when the registry died before it was whole. */
async function whileAlive(answer: Promise<Response>): Promise<{ status: number; json: unknown } | null> {
  try {
    const response = await answer;
    return { status: response.status, json: await response.json() };
  } catch {
    return null;
  }
}

/** The module with a custom section that holds the tag: the same behaviour, another digest. */
function marked(module: Uint8Array, tag: string): Uint8Array<ArrayBuffer> {
  const content = [1, 0x74, ...Buffer.from(tag)];
  return Uint8Array.from([...module, 0, content.length, ...content]);
}

interface Listed {
  readonly digest: string;
  readonly tags: readonly string[];
}

async function verify(client: Client, acknowledged: Acknowledged, round: number): Promise<void> {
  const answer = await client.call("GET", "/v1/filters/gate/versions");
  const versions = answer.status === 404 ? [] : ((await answer.json()) as { versions: Listed[] }).versions;
  const digestByTag = new Map(versions.flatMap(({ digest, tags }) => tags.map((tag) => [tag, digest] as const)));
  for (const [tag, digest] of acknowledged.tags)
    expect({ round, tag, digest: digestByTag.get(tag) }).toEqual({ round, tag, digest });
  for (const { digest } of versions) await verifyImage(client, digest);
  await verifyDeployments(client, acknowledged);
  await verifyFolder(client, versions);
}

/** A listed version is whole, acknowledged or not. */
async function verifyImage(client: Client, digest: string): Promise<void> {
  const manifest = await blob(client, digest);
  const { config, layers } = JSON.parse(Buffer.from(manifest).toString()) as {
    config: { digest: string };
    layers: { digest: string }[];
  };
  for (const { digest: part } of [config, ...layers]) await blob(client, part);
}

async function blob(client: Client, digest: string): Promise<Uint8Array> {
  const answer = await client.call("GET", `/v1/blobs/${digest}`);
  expect(answer.status).toBe(200);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  expect(sha256(bytes)).toBe(digest);
  return bytes;
}

async function verifyDeployments(client: Client, acknowledged: Acknowledged): Promise<void> {
  const answer = await client.call("GET", "/v1/deployments/default/history?limit=100");
  const history = answer.status === 404 ? [] : ((await answer.json()) as { history: { number: number }[] }).history;
  const numbers = history.map(({ number }) => number);
  const newest = numbers[0] ?? 0;
  expect(numbers).toEqual(Array.from({ length: Math.min(newest, 100) }, (_, index) => newest - index));
  expect(newest).toBeGreaterThanOrEqual(acknowledged.number);
}

/** No unfinished file, no blob that no version holds, and an index that names every version. */
async function verifyFolder(client: Client, versions: readonly Listed[]): Promise<void> {
  const layout = join(stateDir, "registry", "oci");
  const names = await readdir(join(layout, "blobs", "sha256"));
  for (const name of names) expect(name).toMatch(/^[0-9a-f]{64}$/);
  for (const name of names) expect((await client.call("GET", `/v1/blobs/sha256:${name}`)).status).toBe(200);
  const index = JSON.parse(await readFile(join(layout, "index.json"), "utf8")) as { manifests: { digest: string }[] };
  expect(new Set(index.manifests.map(({ digest }) => digest))).toEqual(new Set(versions.map(({ digest }) => digest)));
}
