// The SDK's classes as filters use them, through the harness, in the real host.

import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { buildFilter } from "../compile/build-filter.ts";
import { FilterUnderTest } from "./filter-under-test.ts";

const { wasm } = await buildFilter(join(import.meta.dirname, "exerciser"), { onlyWhenStale: true });
const capabilities = ["timer", "sharedData"] as const;

function load(): Promise<FilterUnderTest> {
  return FilterUnderTest.load(wasm, { capabilities });
}

describe("a check", () => {
  it("reads attributes, lists and integers, and adds to the record", async () => {
    const filter = await load();
    const { additions, reads, verdict } = filter.request({
      headers: [
        ["x-role", "a"],
        ["x-role", "b"],
      ],
      destinationPort: 8080,
    });
    expect(verdict).toEqual({ kind: "allow", code: null, reason: null });
    expect(additions).toEqual({ checks: 1, role: "a;b;", port: 8080, reported: true });
    expect(reads).toEqual(["request.headers[x-role]", "destination.port", "request.url_path"]);
  });

  it("finds what it left in fields put back before the next one", async () => {
    const filter = await load();
    expect([filter.request(), filter.request()].map(({ additions }) => additions["checks"])).toEqual([1, 1]);
  });

  it("denies with the code of the status it names, and with a status no code has", async () => {
    const filter = await load();
    const unauthenticated = filter.request({ path: "/401" });
    expect(unauthenticated.verdict).toEqual({ kind: "deny", code: "UNAUTHENTICATED", reason: "who-are-you" });
    expect(unauthenticated.localResponse?.status).toBe(401);
    const teapot = filter.request({ path: "/closed/x" });
    expect(teapot.verdict).toEqual({ kind: "deny", code: "PERMISSION_DENIED", reason: "closed" });
    expect(teapot.localResponse?.status).toBe(418);
  });

  it("lets the longest prefix of a matcher win", async () => {
    const filter = await load();
    expect(filter.request({ path: "/closed/but-open/x" }).verdict.kind).toBe("allow");
  });
});

describe("a stream", () => {
  it("reads and edits the request's headers", async () => {
    const filter = await load();
    const { forwarded } = filter.request({
      headers: [
        ["x-role", "admin"],
        ["x-old", "1"],
        ["x-old", "2"],
      ],
    });
    expect(forwarded?.header("x-seen")).toBe("admin");
    expect(forwarded?.header("x-old")).toBeNull();
    expect(forwarded?.headers.filter(([name]) => name === "x-new")).toEqual([["x-new", "made at run time"]]);
    expect(filter.logs.map(({ message }) => message)).toContain(
      ":method :path :authority :scheme x-role x-seen x-new ",
    );
  });

  it("buffers bodies while it pauses, reads and changes them", async () => {
    const filter = await load();
    const response = { chunks: ["one", " two"] };
    const result = filter.request({ method: "POST", chunks: ["abc", "def"], response });
    expect(result.forwarded?.body).toBe("abcdef!");
    expect(result.response?.body).toBe("one two and more");
    expect(result.response?.header("x-seen")).toBe("6 bytes");
  });

  it("answers in the upstream's place", async () => {
    const { localResponse, forwarded, verdict } = (await load()).request({ path: "/reply" });
    expect(localResponse).toMatchObject({ status: 299, body: expect.stringContaining("instead") as unknown });
    expect(forwarded).toBeNull();
    expect(verdict.reason).toBe("said-so");
  });

  it("leaves properties for its own later phases", async () => {
    const filter = await load();
    filter.request();
    expect(filter.logs).toContainEqual({ level: "warn", message: "left for later filters" });
  });
});

describe("a tick", () => {
  it("comes when its time has, counts and shares what every stream then sees", async () => {
    const filter = await load();
    expect(filter.request().response?.header("x-new")).toBeNull();
    filter.clock.advance(2500);
    expect(filter.metrics.valueOf("ticks")).toBe(2);
    expect(filter.request().response?.header("x-new")).toBe(String(Date.UTC(2026, 0, 1) + 2000));
  });
});

describe("a failure", () => {
  it("names the message and the place of a failed assertion, and harms no later request", async () => {
    const filter = await load();
    const { error, verdict, localResponse } = filter.request({ path: "/trap" });
    expect(verdict.kind).toBe("error");
    expect(error?.cause).toBe("trap");
    expect(error?.at).toContain("check");
    expect(localResponse?.status).toBe(503);
    expect(filter.logs.map(({ message }) => message).join()).toMatch(/asked for \(assembly\/index.ts:\d+:\d+\)/);
    expect(filter.request().verdict.kind).toBe("allow");
  });

  it("ends a loop without end by its fuel", async () => {
    const filter = await FilterUnderTest.load(wasm, { capabilities, fuelMax: 1_000_000 });
    expect(filter.request({ path: "/forever" }).error?.cause).toBe("fuel");
    expect(filter.request().verdict.kind).toBe("allow");
  });

  it("to start is told with what the filter logged", async () => {
    const refused = FilterUnderTest.load(wasm, { capabilities, config: { unknown: 1 } });
    await expect(refused).rejects.toMatchObject({ code: "SLUICE-E4009" });
    await expect(refused).rejects.toThrow("unknown: unknown key; allowed: none");
  });
});

describe("memory", () => {
  it("stays where it is over many requests of one instance", async () => {
    const filter = await FilterUnderTest.load(wasm, { capabilities, isolation: "shared" });
    const request = { headers: [["x-role", "r".repeat(2000)]] as const, chunks: ["b".repeat(20_000)] };
    for (let i = 0; i < 2000; i++) filter.request(request);
    expect(filter.memoryBytes).toBeLessThanOrEqual(1024 * 1024);
  });
});

describe("a connection", () => {
  it("passes a filter that looks at requests only, both ways and to its end", async () => {
    const connection = (await load()).connect({ source: "192.0.2.1:5000" });
    connection.clientSays("hello");
    connection.upstreamSays("welcome");
    connection.clientCloses();
    expect([connection.toUpstream, connection.toClient]).toEqual(["hello", "welcome"]);
    expect(connection.transcript.at(-1)).toBe("close upstream");
  });
});
