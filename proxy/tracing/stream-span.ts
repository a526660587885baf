// What a worker tells of a sampled stream: plain values, from which main makes one span and a child for each filter.

import type { SlotReport } from "@sluice/abi";
import type { ExchangeFacts } from "../exchange/facts.ts";
import { SPAN_TEXT_CHARS_MAX } from "./limits.ts";

export interface StreamSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Null where the trace begins here. */
  readonly parentSpanId: string | null;
  /** Wall time in ms. */
  readonly startedMs: number;
  readonly durationUs: number;
  readonly id: string;
  readonly deployment: number;
  readonly listener: string;
  readonly route: string | null;
  readonly cluster: string | null;
  readonly upstream: string | null;
  readonly source: string;
  readonly method: string;
  readonly authority: string;
  /** Without the query, which may hold what is nobody's business. */
  readonly path: string;
  readonly status: number;
  readonly flags: readonly string[];
  readonly filters: readonly FilterSpan[];
}

export interface FilterSpan extends Pick<
  SlotReport,
  "slot" | "filter" | "version" | "revision" | "verdict" | "code" | "reason" | "fuel" | "dryRun"
> {
  /** Wall time in ms of its first callback. */
  readonly startedMs: number;
  /** What its callbacks took together; the stream spent the rest elsewhere. */
  readonly durationUs: number;
  readonly error: string | null;
}

/** `facts` of a stream with a trace that is sampled. */
export function streamSpan(facts: ExchangeFacts): StreamSpan {
  const trace = facts.trace!;
  return {
    traceId: trace.traceId,
    spanId: trace.spanId,
    parentSpanId: trace.parentSpanId,
    startedMs: facts.startedMs,
    durationUs: facts.durationUs,
    id: facts.id(),
    deployment: facts.snapshot.number,
    listener: facts.listener,
    route: facts.route?.name ?? null,
    cluster: facts.cluster?.name ?? null,
    upstream: facts.endpoint?.address ?? null,
    source: facts.sourceAddress,
    method: facts.method(),
    authority: cut(facts.authority()),
    path: cut(facts.path().split("?", 1)[0]!),
    status: facts.status,
    flags: [...facts.flags],
    filters: filterSpans(facts),
  };
}

function filterSpans({ slots, startedMs }: ExchangeFacts): FilterSpan[] {
  if (slots === null) return [];
  return Array.from({ length: slots.slotCount }, (_, i) => filterSpan(slots.slotReport(i), startedMs));
}

function filterSpan(report: SlotReport, streamStartedMs: number): FilterSpan {
  const { slot, filter, version, revision, verdict, code, reason, fuel, dryRun, error } = report;
  return {
    slot,
    filter,
    version,
    revision,
    verdict,
    code,
    reason,
    fuel,
    dryRun,
    // A slot of which nothing was called (nothing is loaded) has no times of its own.
    startedMs: report.startedMs === null ? streamStartedMs : performance.timeOrigin + report.startedMs,
    durationUs: report.durationUs ?? 0,
    error: error === null ? null : cut(`${error.cause}: ${error.message}`),
  };
}

function cut(text: string): string {
  return text.slice(0, SPAN_TEXT_CHARS_MAX);
}
