import { Head } from "@sluice/abi";
import { describe, expect, it } from "vitest";
import { TRACE_FIELD_BYTES, TraceContext } from "./trace-context.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";

/** What `join` makes of these fields, which stand in the store as lines. */
function joined(lines: readonly string[], sampled = 0) {
  const text = lines.map((line) => `${line}\r\n`).join("");
  const store = Buffer.alloc(text.length + TRACE_FIELD_BYTES);
  store.write(text, "latin1");
  const head = new Head();
  head.reset(store);
  let at = 0;
  for (const line of lines) {
    const colon = line.indexOf(":");
    head.push(at, colon, at + colon + 2, line.length - colon - 2);
    at += line.length + 2;
  }
  const trace = new TraceContext();
  trace.join(head, store, at, sampled);
  return { trace, head, parent: head.get("traceparent")!, text: store.toString("latin1") };
}

describe("TraceContext.join", () => {
  it.each([
    ["sampled", `00-${TRACE}-${SPAN}-01`, "01"],
    ["not sampled", `00-${TRACE}-${SPAN}-00`, "00"],
    ["with a random id", `00-${TRACE}-${SPAN}-03`, "03"],
    ["with flags we do not know", `00-${TRACE}-${SPAN}-ff`, "03"],
    ["of a later version", `cc-${TRACE}-${SPAN}-01`, "01"],
    ["of a later version that says more", `cc-${TRACE}-${SPAN}-01-what-is-to-come`, "01"],
  ])("continues a trace %s", (_name, value, flags) => {
    const { trace, parent, head } = joined(["x-a: 1", `traceparent: ${value}`, "tracestate: k=v"]);
    expect(parent).toBe(`00-${TRACE}-${trace.spanId}-${flags}`);
    expect(trace.spanId).toMatch(/^[0-9a-f]{16}$/);
    expect([trace.traceId, trace.parentSpanId, trace.isSampled]).toEqual([TRACE, SPAN, flags !== "00"]);
    expect(trace.spanId).not.toBe(SPAN);
    expect(head.get("tracestate")).toBe("k=v");
    expect([head.edited, head.routingEdited]).toEqual([false, false]);
  });

  it.each([
    ["none", []],
    ["a version that is none", [`ff-${TRACE}-${SPAN}-01`]],
    ["more than version 00 has", [`00-${TRACE}-${SPAN}-01-x`]],
    ["a later version that runs on", [`cc-${TRACE}-${SPAN}-01x`]],
    ["a trace of zeros", [`00-${"0".repeat(32)}-${SPAN}-01`]],
    ["a span of zeros", [`00-${TRACE}-${"0".repeat(16)}-01`]],
    ["capitals", [`00-${TRACE.toUpperCase()}-${SPAN}-01`]],
    ["a letter too few", [`00-${TRACE}-${SPAN}-0`]],
    ["flags that are none", [`00-${TRACE}-${SPAN}-0g`]],
    ["dashes elsewhere", [`00-${TRACE}0${SPAN}--01`]],
    ["two of them", [`00-${TRACE}-${SPAN}-01`, `00-${TRACE}-${SPAN}-01`]],
    ["an empty one", [""]],
  ])("begins a trace where there is %s, and drops the old one's state", (_name, values) => {
    const { trace, parent, head, text } = joined(
      [...values.map((value) => `traceparent: ${value}`), "tracestate: k=v"],
      1,
    );
    expect(parent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-03$/);
    expect(parent).toBe(`00-${trace.traceId}-${trace.spanId}-03`);
    expect([trace.parentSpanId, trace.isSampled]).toEqual([null, true]);
    expect(head.toPairs()).toEqual([["traceparent", parent]]);
    expect(text.endsWith(`traceparent: ${parent}\r\n`)).toBe(true);
    expect([head.edited, head.routingEdited]).toEqual([false, false]);
  });

  it("gives each trace an id of its own, and samples the share it is told", () => {
    const traces = Array.from({ length: 2_000 }, () => joined([], 0.5).trace);
    expect(new Set(traces.map(({ traceId }) => traceId)).size).toBe(traces.length);
    const sampled = traces.filter(({ isSampled }) => isSampled).length;
    expect(sampled).toBeGreaterThan(800);
    expect(sampled).toBeLessThan(1_200);
    expect(joined([], 0).trace.isSampled).toBe(false);
  });
});
