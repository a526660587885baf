// CalloutClient in memory: a script says what the clusters answer, the clock says when. What was asked is kept, for tests
// and request files to look at.

import { headOf } from "../head/head.ts";
import { GrpcStatus } from "../spec/enums.ts";
import type {
  Callout,
  CalloutClient,
  GrpcCallRequest,
  GrpcRequest,
  GrpcSink,
  GrpcStream,
  HttpCallout,
  HttpSink,
} from "./callouts.ts";
import type { TickScheduler, TickTarget } from "./services.ts";

type Fields = readonly (readonly [name: string, value: string])[];

/** What a filter asked for, as the cluster would see it. */
export interface RecordedCallout {
  readonly kind: "http" | "grpcCall" | "grpcStream";
  readonly cluster: string;
  /** POST for gRPC. */
  readonly method: string;
  /** `/service/method` for gRPC. */
  readonly path: string;
  /** Pseudo headers first; the metadata for gRPC. */
  readonly headers: Fields;
  readonly body: string;
  readonly trailers: Fields;
  /** Of gRPC, in order. */
  readonly messages: readonly Uint8Array[];
  /** null: without end. */
  readonly timeoutMs: number | null;
  /** `waiting`: nothing final was told; `failed`: no answer, of HTTP or gRPC. */
  readonly outcome: "waiting" | "answered" | "failed" | "cancelled";
  /** The filter has said that it sends no more. */
  readonly isHalfClosed: boolean;
}

/** What a cluster answers. */
export interface ScriptedAnswer {
  /** Milliseconds of the clock until it comes; default 0, which is the clock's next advance. */
  readonly afterMs?: number;
  /** `timeout` takes the callout's whole time. */
  readonly fail?: "timeout" | "refused" | "reset";
  /** To an HTTP callout. */
  readonly response?: {
    /** Default 200. */
    readonly status?: number;
    readonly headers?: Fields;
    readonly body?: string | Uint8Array;
    readonly trailers?: Fields;
  };
  /** To a gRPC call or stream. */
  readonly grpc?: {
    readonly metadata?: Fields;
    readonly messages?: readonly (string | Uint8Array)[];
    readonly trailers?: Fields;
    /** Default 0. */
    readonly status?: number;
    /** Beside the status. */
    readonly message?: string;
    /** The server leaves its stream open: neither trailers nor status come. */
    readonly isOpen?: boolean;
  };
}

/** Asked once per callout; null: nobody listens there. */
export type CalloutScript = (callout: RecordedCallout) => ScriptedAnswer | null;

export interface MemoryCalloutsOptions {
  readonly timers: TickScheduler;
  readonly script: CalloutScript;
  /** Clusters that there are; absent: every name is one. */
  readonly clusters?: readonly string[] | undefined;
}

/** A callout client that answers by a script when its clock advances. */
export class MemoryCallouts implements CalloutClient {
  /** Everything that was asked, in order. */
  readonly asked: RecordedCallout[] = [];
  private readonly options: MemoryCalloutsOptions;
  private scheduled = 0;

  constructor(options: MemoryCalloutsOptions) {
    this.options = options;
  }

  /** Answers that are on their way. */
  get pending(): number {
    return this.scheduled;
  }

  hasCluster(cluster: string): boolean {
    return this.options.clusters?.includes(cluster) ?? true;
  }

  http(request: HttpCallout, sink: HttpSink): Callout {
    const { cluster, headers, body, trailers, timeoutMs } = request;
    const asked = new AskedCallout("http", cluster, {
      method: headers.get(":method")!,
      path: headers.get(":path")!,
      headers: headers.toPairs(),
      body: Buffer.from(body).toString("utf8"),
      trailers: trailers?.toPairs() ?? [],
      timeoutMs,
    });
    return this.ask(asked, new HttpListener(asked, sink));
  }

  grpcCall(request: GrpcCallRequest, sink: GrpcSink): Callout {
    const asked = grpcCallout("grpcCall", request, request.timeoutMs);
    asked.messages.push(request.message);
    asked.isHalfClosed = true;
    return this.ask(asked, new GrpcListener(asked, sink));
  }

  grpcStream(request: GrpcRequest, sink: GrpcSink): GrpcStream {
    const asked = grpcCallout("grpcStream", request, null);
    return this.ask(asked, new GrpcListener(asked, sink));
  }

  private ask(asked: AskedCallout, listener: Listener): GrpcStream {
    this.asked.push(asked);
    const answer = this.options.script(asked) ?? REFUSED;
    const { timeoutMs } = asked;
    const afterMs = answer.fail === "timeout" ? Infinity : (answer.afterMs ?? 0);
    const isLate = timeoutMs !== null && afterMs >= timeoutMs;
    // A stream has no time to be over by: what never comes does not come.
    if (isLate || afterMs < Infinity) {
      this.schedule(asked, isLate ? timeoutMs : afterMs, () => listener.hear(isLate ? TIMED_OUT : answer));
    }
    return new MemoryCallout(asked, () => this.cancelled(asked));
  }

  private schedule(asked: AskedCallout, delayMs: number, run: () => void): void {
    const { timers } = this.options;
    this.scheduled++;
    asked.answer = {
      tick: () => {
        this.scheduled--;
        asked.answer = null;
        run();
      },
    };
    timers.schedule(asked.answer, delayMs);
  }

  private cancelled(asked: AskedCallout): void {
    if (asked.answer !== null) {
      this.scheduled--;
      this.options.timers.cancel(asked.answer);
      asked.answer = null;
    }
  }
}

const REFUSED: ScriptedAnswer = { fail: "refused" };
const TIMED_OUT: ScriptedAnswer = { fail: "timeout" };

/** As the proxy's client names them. */
const FAILURES = {
  timeout: { word: "timeout", status: GrpcStatus.DeadlineExceeded },
  refused: { word: "connect", status: GrpcStatus.Unavailable },
  reset: { word: "reset", status: GrpcStatus.Unavailable },
} as const;

class AskedCallout implements RecordedCallout {
  readonly kind: RecordedCallout["kind"];
  readonly cluster: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Fields;
  readonly body: string;
  readonly trailers: Fields;
  readonly timeoutMs: number | null;
  readonly messages: Uint8Array[] = [];
  outcome: RecordedCallout["outcome"] = "waiting";
  isHalfClosed = false;
  /** On its way. */
  answer: TickTarget | null = null;

  constructor(
    kind: RecordedCallout["kind"],
    cluster: string,
    said: Pick<RecordedCallout, "method" | "path" | "headers" | "body" | "trailers" | "timeoutMs">,
  ) {
    this.kind = kind;
    this.cluster = cluster;
    this.method = said.method;
    this.path = said.path;
    this.headers = said.headers;
    this.body = said.body;
    this.trailers = said.trailers;
    this.timeoutMs = said.timeoutMs;
  }
}

function grpcCallout(kind: RecordedCallout["kind"], request: GrpcRequest, timeoutMs: number | null): AskedCallout {
  const { cluster, service, method, metadata } = request;
  return new AskedCallout(kind, cluster, {
    method: "POST",
    path: `/${service}/${method}`,
    headers: metadata.toPairs(),
    body: "",
    trailers: [],
    timeoutMs,
  });
}

interface Listener {
  hear(answer: ScriptedAnswer): void;
}

class HttpListener implements Listener {
  private readonly asked: AskedCallout;
  private readonly sink: HttpSink;

  constructor(asked: AskedCallout, sink: HttpSink) {
    this.asked = asked;
    this.sink = sink;
  }

  hear({ fail, response, grpc }: ScriptedAnswer): void {
    // A gRPC server would not understand it.
    const failure = fail ?? (response === undefined && grpc !== undefined ? "reset" : null);
    this.asked.outcome = failure === null ? "answered" : "failed";
    if (failure !== null) return this.sink.failed(FAILURES[failure].word);
    const { status = 200, headers = [], body = "", trailers = [] } = response ?? {};
    this.sink.answered(
      headOf([[":status", String(status)], ...lowered(headers)]),
      Buffer.from(body as string),
      trailers.length === 0 ? null : headOf(lowered(trailers)),
    );
  }
}

class GrpcListener implements Listener {
  private readonly asked: AskedCallout;
  private readonly sink: GrpcSink;

  constructor(asked: AskedCallout, sink: GrpcSink) {
    this.asked = asked;
    this.sink = sink;
  }

  hear({ fail, response, grpc }: ScriptedAnswer): void {
    const { asked, sink } = this;
    if (fail !== undefined) return this.close(FAILURES[fail].status, FAILURES[fail].word);
    if (grpc === undefined && response !== undefined) return this.close(GrpcStatus.Unknown, "the answer is not gRPC");
    const { metadata = [], messages = [], trailers = [], status = GrpcStatus.Ok, message = "", isOpen } = grpc ?? {};
    if (asked.kind === "grpcStream") sink.initialMetadata(headOf(lowered(metadata)));
    // Any message may make the filter cancel.
    for (const one of asked.kind === "grpcCall" ? messageOfCall(status, messages) : messages)
      if (asked.outcome === "waiting") sink.message(Buffer.from(one as string));
    if (isOpen === true || asked.outcome !== "waiting") return;
    if (asked.kind === "grpcStream") sink.trailingMetadata(headOf(lowered(trailers)));
    if (asked.outcome === "waiting") this.close(status, message, "answered");
  }

  private close(status: number, message: string, outcome: "answered" | "failed" = "failed"): void {
    this.asked.outcome = outcome;
    this.sink.closed(status, message);
  }
}

/** A call has its message with status 0 alone, and then always one. */
function messageOfCall(status: number, messages: readonly (string | Uint8Array)[]): readonly (string | Uint8Array)[] {
  return status === GrpcStatus.Ok ? [messages[0] ?? ""] : [];
}

class MemoryCallout implements GrpcStream {
  private readonly asked: AskedCallout;
  private readonly cancelled: () => void;

  constructor(asked: AskedCallout, cancelled: () => void) {
    this.asked = asked;
    this.cancelled = cancelled;
  }

  cancel(): void {
    if (this.asked.outcome !== "waiting") return;
    this.asked.outcome = "cancelled";
    this.cancelled();
  }

  send(message: Uint8Array, endOfStream: boolean): boolean {
    if (this.asked.isHalfClosed || this.asked.outcome !== "waiting") return true;
    this.asked.messages.push(message);
    this.asked.isHalfClosed = endOfStream;
    return true;
  }

  halfClose(): void {
    this.asked.isHalfClosed = true;
  }
}

function lowered(fields: Fields): (readonly [string, string])[] {
  return fields.map(([name, value]) => [name.toLowerCase(), value] as const);
}
