import { resourceFromAttributes } from "@opentelemetry/resources";
import { describe, expect, it } from "vitest";
import { readableSpans } from "./readable-spans.ts";
import type { FilterSpan, StreamSpan } from "./stream-span.ts";

const resource = resourceFromAttributes({ "service.name": "sluice" });
const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

const filter: FilterSpan = {
  slot: "rbac",
  filter: "rbac",
  version: "sha256:aa",
  revision: "sha256:bb",
  verdict: "deny",
  code: "PERMISSION_DENIED",
  reason: "area-closed",
  fuel: 812,
  dryRun: false,
  startedMs: 1_000.25,
  durationUs: 12.5,
  error: null,
};

function span(changes: Partial<StreamSpan> = {}): StreamSpan {
  return {
    traceId: TRACE,
    spanId: "00f067aa0ba902b7",
    parentSpanId: null,
    startedMs: 1_000,
    durationUs: 500,
    id: "01J",
    deployment: 42,
    listener: "http",
    route: "api",
    cluster: null,
    upstream: null,
    source: "198.51.100.7",
    method: "GET",
    authority: "a.test",
    path: "/internal/x",
    status: 403,
    flags: ["UAEX"],
    filters: [filter],
    ...changes,
  };
}

function spansOf(changes: Partial<StreamSpan> = {}): ReturnType<typeof readableSpans> {
  let id = 0;
  return readableSpans(span(changes), resource, () => `${++id}`.padStart(16, "0"));
}

describe("readableSpans", () => {
  it("makes the stream's span and one child for each filter, with the times they took", () => {
    const [stream, child, ...rest] = spansOf();
    expect(rest).toEqual([]);
    expect(stream).toMatchObject({ name: "GET api", startTime: [1, 0], endTime: [1, 500_000] });
    expect(child).toMatchObject({ name: "filter rbac", startTime: [1, 250_000], duration: [0, 12_500] });
    expect(child!.parentSpanContext).toMatchObject({ traceId: TRACE, spanId: "00f067aa0ba902b7" });
    expect(child!.attributes).toMatchObject({
      "sluice.verdict": "deny",
      "sluice.reason": "area-closed",
      "sluice.fuel": 812,
    });
  });

  it("hangs on the span that the request named, and on nothing where the trace begins", () => {
    expect(spansOf()[0]!.parentSpanContext).toBeUndefined();
    const [stream] = spansOf({ parentSpanId: "1111111111111111" });
    expect(stream!.parentSpanContext).toMatchObject({ spanId: "1111111111111111", isRemote: true });
  });

  it("never lets a child begin before its parent, whose clock is coarse", () => {
    const [stream, child] = spansOf({ filters: [{ ...filter, startedMs: 996.5 }] });
    expect(stream!.startTime).toEqual(child!.startTime);
  });

  it("marks as failed what ended in a 5xx or without an answer, and a filter that gave none", () => {
    const statusOf = (changes: Partial<StreamSpan>): number => spansOf(changes)[0]!.status.code;
    expect([403, 503, 0].map((status) => statusOf({ status }))).toEqual([0, 2, 2]);
    const [, child] = spansOf({ filters: [{ ...filter, error: "trap: unreachable" }] });
    expect(child!.status).toEqual({ code: 2, message: "trap: unreachable" });
  });
});
