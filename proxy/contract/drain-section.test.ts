import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseMachine } from "./machine.ts";

const machineWith = (drain: string): ReturnType<typeof parseMachine> =>
  parseMachine(
    `apiVersion: sluice/v1
kind: Proxy
node: { id: proxy-1 }
listeners: [{ name: http, address: 127.0.0.1:8080 }]
routes: []
clusters: []
${drain}
`,
    "sluice.yaml",
  );

describe("drain in sluice.yaml", () => {
  it.each([
    { written: "", delayMs: 0, timeoutMs: 5_000 },
    { written: "drain: {}", delayMs: 0, timeoutMs: 5_000 },
    { written: "drain: { delay: 1.5s }", delayMs: 1_500, timeoutMs: 5_000 },
    { written: "drain: { delay: 5s, timeout: 10m }", delayMs: 5_000, timeoutMs: 600_000 },
  ])("reads $written", ({ written, ...read }) => {
    expect(machineWith(written).drain).toEqual(read);
  });

  it("refuses what it does not know, by line", () => {
    expect(() => machineWith("drain: { after: 5s }")).toThrow(/sluice\.yaml:7:10: .*after/);
  });

  it("is as docs/operating.md shows it", () => {
    const page = readFileSync(new URL("../../docs/operating.md", import.meta.url), "utf8");
    const [example] = /^drain: .*$/m.exec(page)!;
    expect(machineWith(example).drain).toEqual({ delayMs: 5_000, timeoutMs: 30_000 });
    expect(example).toContain("default: no delay, 5s");
  });
});
