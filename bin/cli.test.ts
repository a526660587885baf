import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCli } from "./cli.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-cli-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function run(
  args: string[],
  env: Record<string, string> = {},
): Promise<{ code: number; out: string; err: string }> {
  const lines = { out: [] as string[], err: [] as string[] };
  const code = await runCli(args, {
    cwd: folder,
    env,
    out: (text) => void lines.out.push(text),
    err: (text) => void lines.err.push(text),
    drained: () => Promise.resolve(),
    closed: () => new Promise(() => undefined),
  });
  return { code, out: lines.out.join("\n"), err: lines.err.join("\n") };
}

const machine = `apiVersion: sluice/v1
kind: Proxy
node: { id: proxy-1 }
listeners: [{ name: http, address: 127.0.0.1:8080 }]
routes: [{ name: all, match: { path: { prefix: / } }, cluster: demo }]
clusters: [{ name: demo, endpoints: [127.0.0.1:8088] }]
deployment: { file: deployment.yaml }
`;

describe("runCli", () => {
  it("tells its version and exits 0 at --version", async () => {
    expect(await run(["--version"])).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
  });

  it("lists its commands and exits 0 at --help", async () => {
    const { code, out } = await run(["--help"]);
    expect(code).toBe(0);
    for (const command of ["up", "proxy", "registry", "push", "deploy", "rollback", "status"])
      expect(out).toContain(`  ${command} `);
  });

  it("exits 2 on a command, option or argument it does not know", async () => {
    expect((await run(["frobnicate"])).code).toBe(2);
    expect((await run(["deploy", "--frobnicate"])).code).toBe(2);
    expect((await run(["rollback"])).code).toBe(2);
    expect((await run(["rollback", "rbac", "--to", "x"])).code).toBe(2);
  });

  it("exits 1 with message, hint and code when there is no token", async () => {
    const { code, err } = await run(["status"]);
    expect(code).toBe(1);
    expect(err.split("\n")[0]).toMatch(/^error: SLUICE_TOKEN is not set/);
    expect(err).toContain("SLUICE-E5004");
  });

  it("exits 5 when nobody answers at the registry's address", async () => {
    const { code, err } = await run(["status", "--registry", "http://127.0.0.1:1"], { SLUICE_TOKEN: "t" });
    expect(code).toBe(5);
    expect(err).toContain("http://127.0.0.1:1 did not answer");
  });

  it("exits 5 when the registry's answer breaks off", async () => {
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.end("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const { code, err } = await run(["list"], { SLUICE_TOKEN: "x", SLUICE_REGISTRY: `http://127.0.0.1:${port}` });
    server.close();
    expect({ code, err }).toMatchObject({ code: 5, err: expect.stringContaining("SLUICE-E5003") as string });
  });

  it("refuses an address and a token that cannot be sent", async () => {
    expect(await run(["list"], { SLUICE_TOKEN: "x", SLUICE_REGISTRY: "ftp://a.test" })).toMatchObject({ code: 2 });
    const { code, err } = await run(["list"], { SLUICE_TOKEN: "a\nb" });
    expect({ code, err }).toMatchObject({ code: 1, err: expect.stringContaining("SLUICE-E5004") as string });
  });

  it("prints an error as JSON when asked", async () => {
    const { err } = await run(["status", "--json"]);
    expect(JSON.parse(err)).toEqual({ code: "SLUICE-E5004", message: expect.any(String), hint: expect.any(String) });
  });

  it("says which file is missing in one sentence", async () => {
    const { code, err } = await run(["validate", "-c", "nowhere.yaml"]);
    expect(code).toBe(1);
    expect(err).toContain('"nowhere.yaml" cannot be read: there is no such file.');
  });

  it("validates a machine's document together with the deployment it names, by file and line", async () => {
    writeFileSync(join(folder, "sluice.yaml"), machine);
    writeFileSync(
      join(folder, "deployment.yaml"),
      "apiVersion: sluice/v1\nkind: Deployment\nname: default\nslots: []\n",
    );
    expect(await run(["validate"])).toEqual({ code: 0, out: "sluice.yaml: ok\ndeployment.yaml: ok", err: "" });
    writeFileSync(
      join(folder, "deployment.yaml"),
      "apiVersion: sluice/v1\nkind: Deployment\nname: default\nslotz: []\n",
    );
    const refused = await run(["validate"]);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain("deployment.yaml:4");
  });
});
