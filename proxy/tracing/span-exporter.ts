// Main's way to the collector: takes spans of all workers, makes OpenTelemetry's of them and sends them as OTLP over HTTP
// in batches. A collector that is slow or away costs a bounded queue and a count, never a request.

import { randomBytes } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { SluiceError } from "@sluice/abi";
import type { Resource } from "@opentelemetry/resources";
import type { BatchSpanProcessor, ReadableSpan, SpanExporter as OtelExporter } from "@opentelemetry/sdk-trace";
import type { Logger } from "pino";
import type { TracingConfig } from "../contract/index.ts";
import { PROXY_ERRORS } from "../errors.ts";
import {
  HEADERS_FILE_BYTES_MAX,
  SPAN_CLOSE_MS,
  SPAN_EXPORT_INTERVAL_MS,
  SPAN_EXPORT_MAX,
  SPAN_EXPORT_TIMEOUT_MS,
  SPAN_QUEUE_MAX,
} from "./limits.ts";
import type { StreamSpan } from "./stream-span.ts";

export type OtlpConfig = NonNullable<TracingConfig["otlp"]>;

export interface SpanExporterParts {
  readonly nodeId: string;
  readonly log: Logger;
}

/** Spans by what became of them, since the process started. */
export interface SpanCounts {
  exported: number;
  /** The collector refused them, or was not to be reached. */
  failed: number;
  /** Never sent: the queue was full. */
  dropped: number;
}

interface Pipeline {
  readonly processor: BatchSpanProcessor;
  readonly resource: Resource;
  readonly readableSpans: (typeof import("./readable-spans.ts"))["readableSpans"];
}

export class SpanExporter {
  readonly counts: SpanCounts = { exported: 0, failed: 0, dropped: 0 };
  private readonly parts: SpanExporterParts;
  private config = "null";
  private pipeline: Pipeline | null = null;
  /** Given to the pipeline and not heard of since. */
  private waiting = 0;
  private isFailing = false;

  constructor(parts: SpanExporterParts) {
    this.parts = parts;
  }

  /**
   * What it takes to send to where `otlp` says, nowhere when null; the answer makes it so. Throws E2060 when its headers'
   * file cannot be used.
   */
  async prepare(otlp: OtlpConfig | null, folder: string): Promise<() => void> {
    const headers = otlp?.headersFile == null ? {} : await readHeaders(resolve(folder, otlp.headersFile));
    const config = JSON.stringify([otlp, headers]);
    if (config === this.config) return () => undefined;
    const pipeline = otlp === null ? null : await this.open(otlp.url, headers);
    return () => this.switchTo(pipeline, config);
  }

  take(spans: readonly StreamSpan[]): void {
    const { pipeline } = this;
    if (pipeline === null) return;
    for (const span of spans) {
      for (const readable of pipeline.readableSpans(span, pipeline.resource, newSpanId)) this.offer(pipeline, readable);
    }
  }

  /** What still waits is sent, if the collector takes it within SPAN_CLOSE_MS. */
  async close(): Promise<void> {
    const sent = this.pipeline?.processor.shutdown().catch(() => undefined);
    this.pipeline = null;
    const isOver = new AbortController();
    const bound = pause(SPAN_CLOSE_MS, undefined, { signal: isOver.signal }).catch(() => undefined);
    await Promise.race([sent, bound]);
    isOver.abort();
  }

  private switchTo(pipeline: Pipeline | null, config: string): void {
    const before = this.pipeline;
    this.pipeline = pipeline;
    this.config = config;
    void before?.processor.shutdown().catch(() => undefined);
  }

  private offer({ processor }: Pipeline, span: ReadableSpan): void {
    if (this.waiting >= SPAN_QUEUE_MAX) {
      this.counts.dropped++;
      return;
    }
    this.waiting++;
    processor.onEnd(span);
  }

  /** The libraries are loaded only where spans are wanted: they are 20 MB on disk and 60 ms of start. */
  private async open(url: string, headers: Record<string, string>): Promise<Pipeline> {
    const [{ OTLPTraceExporter }, { BatchSpanProcessor }, { resourceFromAttributes }, { readableSpans }] =
      await Promise.all([
        import("@opentelemetry/exporter-trace-otlp-proto"),
        import("@opentelemetry/sdk-trace"),
        import("@opentelemetry/resources"),
        import("./readable-spans.ts"),
      ]);
    const exporter = new OTLPTraceExporter({ url, headers, timeoutMillis: SPAN_EXPORT_TIMEOUT_MS });
    const processor = new BatchSpanProcessor({
      exporter: this.counted(exporter),
      maxQueueSize: SPAN_QUEUE_MAX,
      maxExportBatchSize: SPAN_EXPORT_MAX,
      scheduledDelayMillis: SPAN_EXPORT_INTERVAL_MS,
      exportTimeoutMillis: SPAN_EXPORT_TIMEOUT_MS,
    });
    const resource = resourceFromAttributes({ "service.name": "sluice", "service.instance.id": this.parts.nodeId });
    return { processor, resource, readableSpans };
  }

  private counted(exporter: OtelExporter): OtelExporter {
    return {
      export: (spans, done) =>
        exporter.export(spans, (result) => {
          this.settle(spans.length, result.error ?? (result.code === 0 ? null : new Error("the collector refused")));
          done(result);
        }),
      shutdown: () => exporter.shutdown(),
      forceFlush: async () => exporter.forceFlush?.(),
    };
  }

  /** Told when it begins and when it is over, not once for every batch. */
  private settle(count: number, error: Error | null): void {
    this.waiting -= count;
    this.counts[error === null ? "exported" : "failed"] += count;
    if (error !== null && !this.isFailing)
      this.parts.log.warn({ err: error }, "spans cannot be sent; they are counted");
    if (error === null && this.isFailing) this.parts.log.info("spans are sent again");
    this.isFailing = error !== null;
  }
}

function newSpanId(): string {
  return randomBytes(8).toString("hex");
}

/** `name: value` lines, as secrets are not for sluice.yaml. */
async function readHeaders(file: string): Promise<Record<string, string>> {
  try {
    const { size } = await stat(file);
    if (size > HEADERS_FILE_BYTES_MAX)
      throw new Error(`it has ${size} bytes, at most ${HEADERS_FILE_BYTES_MAX} are read`);
    const lines = (await readFile(file, "utf8")).split("\n").filter((line) => line.trim() !== "");
    return Object.fromEntries(lines.map(headerOf));
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new SluiceError(PROXY_ERRORS.otlpHeaders, `The headers in ${file} cannot be used: ${reason}`, { cause });
  }
}

function headerOf(line: string, index: number): [string, string] {
  const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?)[ \t\r]*$/.exec(line);
  if (match === null) throw new Error(`line ${index + 1} is not "name: value"`);
  return [match[1]!.toLowerCase(), match[2]!];
}
