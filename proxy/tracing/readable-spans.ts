// A stream's span and its filters' as OpenTelemetry has them. Names follow its semantic conventions for HTTP servers;
// what they have no name for begins with `sluice.`.

import { SpanKind, SpanStatusCode, TraceFlags } from "@opentelemetry/api";
import type { Attributes, HrTime, SpanContext, SpanStatus } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import type { FilterSpan, StreamSpan } from "./stream-span.ts";

/** Makes ids of children: 16 hex digits. */
export type NewSpanId = () => string;

/** The stream's span first, then one for each filter, in the order they were asked. */
export function readableSpans(span: StreamSpan, resource: Resource, newSpanId: NewSpanId): ReadableSpan[] {
  const context = contextOf(span.traceId, span.spanId);
  const parent = span.parentSpanId === null ? null : { ...contextOf(span.traceId, span.parentSpanId), isRemote: true };
  const stream = readable({
    name: span.route === null ? span.method : `${span.method} ${span.route}`,
    kind: SpanKind.SERVER,
    context,
    parent,
    startedMs: earliestMs(span),
    durationUs: span.durationUs,
    attributes: streamAttributes(span),
    status: span.status >= 500 || span.status === 0 ? failed(span.flags.join(" ")) : UNSET,
    resource,
  });
  const filters = span.filters.map((filter) =>
    readable({
      name: `filter ${filter.slot}`,
      kind: SpanKind.INTERNAL,
      context: contextOf(span.traceId, newSpanId()),
      parent: context,
      startedMs: filter.startedMs,
      durationUs: filter.durationUs,
      attributes: filterAttributes(filter),
      status: filter.error === null ? UNSET : failed(filter.error),
      resource,
    }),
  );
  return [stream, ...filters];
}

/** The stream's clock is coarse, the filters' is not: no child may begin before its parent. */
function earliestMs({ startedMs, filters }: StreamSpan): number {
  return Math.min(startedMs, ...filters.map((filter) => filter.startedMs));
}

function streamAttributes(span: StreamSpan): Attributes {
  return {
    "http.request.method": span.method,
    "http.response.status_code": span.status,
    "url.path": span.path,
    "server.address": span.authority,
    "client.address": span.source,
    "sluice.request_id": span.id,
    "sluice.deployment": span.deployment,
    "sluice.listener": span.listener,
    "sluice.flags": [...span.flags],
    ...(span.route === null ? {} : { "sluice.route": span.route }),
    ...(span.cluster === null ? {} : { "sluice.cluster": span.cluster }),
    ...(span.upstream === null ? {} : { "sluice.upstream": span.upstream }),
  };
}

function filterAttributes(filter: FilterSpan): Attributes {
  return {
    "sluice.slot": filter.slot,
    "sluice.filter": filter.filter,
    "sluice.version": filter.version,
    "sluice.revision": filter.revision,
    "sluice.verdict": filter.verdict,
    "sluice.fuel": filter.fuel,
    "sluice.dry_run": filter.dryRun,
    ...(filter.code === null ? {} : { "sluice.code": filter.code }),
    ...(filter.reason === null ? {} : { "sluice.reason": filter.reason }),
  };
}

interface SpanParts {
  readonly name: string;
  readonly kind: SpanKind;
  readonly context: SpanContext;
  readonly parent: SpanContext | null;
  readonly startedMs: number;
  readonly durationUs: number;
  readonly attributes: Attributes;
  readonly status: SpanStatus;
  readonly resource: Resource;
}

function readable(parts: SpanParts): ReadableSpan {
  const { name, kind, context, parent, startedMs, durationUs, attributes, status, resource } = parts;
  return {
    name,
    kind,
    spanContext: () => context,
    ...(parent === null ? {} : { parentSpanContext: parent }),
    startTime: hrTime(startedMs),
    endTime: hrTime(startedMs + durationUs / 1_000),
    duration: hrTime(durationUs / 1_000),
    status,
    attributes,
    resource,
    instrumentationScope: SCOPE,
    ended: true,
    links: [],
    events: [],
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

const SCOPE = { name: "sluice" };
const UNSET: SpanStatus = { code: SpanStatusCode.UNSET };

function failed(message: string): SpanStatus {
  return { code: SpanStatusCode.ERROR, message };
}

function contextOf(traceId: string, spanId: string): SpanContext {
  return { traceId, spanId, traceFlags: TraceFlags.SAMPLED };
}

/** Seconds, and nanoseconds within the second. */
function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1_000);
  return [seconds, Math.round((ms - seconds * 1_000) * 1_000_000)];
}
