import type { SlotReport } from "@sluice/abi";
import { describe, expect, it } from "vitest";
import type { ExchangeFacts } from "../exchange/facts.ts";
import { recordLine } from "./record-line.ts";

const report: SlotReport = {
  slot: "rbac",
  index: 0,
  arm: 0,
  filter: "rbac",
  version: "sha256:aa",
  revision: "sha256:bb",
  verdict: "deny",
  code: "PERMISSION_DENIED",
  reason: "area-closed",
  cached: false,
  fuel: 812,
  durationUs: null,
  startedMs: null,
  dryRun: false,
  error: null,
  quotas: [],
  additions: {},
};

/** Places are for whoever counts; the record names the slot and its revision. */
const { index: _index, arm: _arm, startedMs: _startedMs, ...written } = report;

function facts(changes: Partial<ExchangeFacts> = {}, slot: Partial<SlotReport> = {}): ExchangeFacts {
  return {
    snapshot: { number: 42 } as ExchangeFacts["snapshot"],
    slots: { slotCount: 1, slotReport: () => ({ ...report, ...slot }) },
    uncounted: null,
    listener: "http",
    route: { name: "api" } as ExchangeFacts["route"],
    cluster: { name: "demo" } as ExchangeFacts["cluster"],
    trace: null,
    isTraced: false,
    endpoint: { address: "127.0.0.1:8088" } as ExchangeFacts["endpoint"],
    sourceAddress: "198.51.100.7",
    sourcePort: 40_000,
    startedMs: Date.UTC(2026, 0, 1, 0, 0, 0, 123),
    durationUs: 179.6,
    status: 403,
    flags: ["UAEX"],
    bytesIn: 210,
    bytesOut: 95,
    id: () => "01J",
    method: () => "GET",
    authority: () => "a.test",
    path: () => "/internal/x",
    ...changes,
  };
}

describe("recordLine", () => {
  it("tells what a slot asked of quotas", () => {
    const quotas = [{ name: "per-user", amount: 2, granted: 0, retryAfterMs: 1500 }];
    const [slot] = (JSON.parse(recordLine(facts({}, { quotas }), "n")) as { slots: object[] }).slots;
    expect(slot).toMatchObject({ quotas });
  });

  it("writes the record as the format has it, on one line", () => {
    const line = recordLine(facts(), "proxy-1");
    expect(line.endsWith("}\n")).toBe(true);
    expect(JSON.parse(line)).toEqual({
      time: "2026-01-01T00:00:00.123Z",
      id: "01J",
      node: "proxy-1",
      deployment: 42,
      listener: "http",
      route: "api",
      cluster: "demo",
      upstream: "127.0.0.1:8088",
      source: "198.51.100.7",
      method: "GET",
      authority: "a.test",
      path: "/internal/x",
      status: 403,
      flags: ["UAEX"],
      durationUs: 180,
      bytesIn: 210,
      bytesOut: 95,
      slots: [written],
    });
  });

  it("writes null for a route and an upstream that there was not", () => {
    const line = recordLine(facts({ route: null, cluster: null, endpoint: null, slots: null }), "proxy-1");
    expect(JSON.parse(line)).toMatchObject({ route: null, cluster: null, upstream: null, slots: [] });
  });

  it.each([
    ["a terminal's escape", "/\u001b[31m"],
    ["a C1 control", "/\u009b2J"],
    ["quotes and newlines", '/"}\n{"a":"'],
    ["a mark that turns text around", "/\u202e"],
  ])("escapes %s in what clients and filters say", (_name, text) => {
    const error = { cause: "trap" as const, message: text, at: text };
    const line = recordLine(
      facts({ path: () => text }, { reason: text, error, additions: { [text]: text } }),
      "proxy-1",
    );
    expect(line.slice(0, -1)).toMatch(/^[ -~]*$/);
    const record = JSON.parse(line) as { path: string; slots: SlotReport[] };
    expect(record.path).toBe(text);
    expect(record.slots[0]).toMatchObject({ reason: text, error, additions: { [text]: text } });
  });
});
