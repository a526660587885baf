import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createServer as createRawServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { HealthCheckConfig } from "../contract/index.ts";
import { UNCHECKED, afterCheck } from "./health.ts";
import { probe } from "./health-probe.ts";

const CHECK: HealthCheckConfig = {
  path: "/up?deep",
  host: null,
  intervalMs: 1_000,
  timeoutMs: 500,
  healthyAfter: 2,
  unhealthyAfter: 3,
  statuses: [],
};

/** What is known after each of the results: `+` passed, `-` failed. */
function known(results: string): string {
  let health = UNCHECKED;
  return [...results]
    .map((result) => {
      health = afterCheck(health, result === "+" ? null : "ill", CHECK);
      return health.isHealthy === true ? "h" : "u";
    })
    .join("");
}

describe("what checks find", () => {
  it.each([
    ["the first result decides alone", "+", "h"],
    ["the first result decides alone, also when it is bad", "-+", "uu"],
    ["it takes three failures in a row", "+--+--+---", "hhhhhhhhhu"],
    ["it takes two that pass in a row", "-+-++", "uuuuh"],
    ["an ill one is not made iller", "----++", "uuuuuh"],
  ])("%s", (_name, results, wanted) => {
    expect(known(results)).toBe(wanted);
  });

  it("says why the last one failed, also while it does not count yet", () => {
    const healthy = afterCheck(UNCHECKED, null, CHECK);
    expect(afterCheck(healthy, "ill", CHECK)).toEqual({ isHealthy: true, against: 1, why: "ill" });
  });
});

describe("a check", () => {
  const closers: (() => void)[] = [];
  afterEach(() => closers.splice(0).forEach((close) => close()));

  async function origin(status: number | null): Promise<{ port: number; asked: string[] }> {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url} ${request.headers.host} ${request.headers["user-agent"]}`);
      if (status !== null) response.writeHead(status).write("a body that nobody waits for");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closers.push(() => server.close().closeAllConnections());
    return { port: (server.address() as AddressInfo).port, asked };
  }

  const probed = (port: number, check: Partial<HealthCheckConfig> = {}): Promise<string | null> =>
    probe({ host: "127.0.0.1", port, authority: `app.test:${port}` }, { ...CHECK, ...check });

  it("asks for its path, as its own host or the endpoint's", async () => {
    const { port, asked } = await origin(200);
    expect([await probed(port), await probed(port, { host: "up.test" })]).toEqual([null, null]);
    expect(asked).toEqual([
      `GET /up?deep app.test:${port} sluice-health-check`,
      "GET /up?deep up.test sluice-health-check",
    ]);
  });

  it("wants a status of 200 to 299, or one of those it names", async () => {
    const { port } = await origin(302);
    expect([await probed(port), await probed(port, { statuses: [200, 302] })]).toEqual(["it answered 302", null]);
  });

  it("tells an endpoint that says nothing, one that is not there, and one that speaks something else", async () => {
    const silent = await origin(null);
    expect(await probed(silent.port, { timeoutMs: 30 })).toBe("no answer within 30 ms");
    expect(await probed(1)).toBe("ECONNREFUSED");
    const raw = createRawServer((socket) => void socket.on("error", () => {}).end("SSH-2.0-x\r\n"));
    await new Promise<void>((resolve) => raw.listen(0, "127.0.0.1", resolve));
    closers.push(() => raw.close());
    expect(await probed((raw.address() as AddressInfo).port)).toMatch(/^HPE_|ECONNRESET/);
  });
});
