// Our host's callouts as the suite sees them: every one is written down, and answered when the test says so.
import { headOf, type CalloutClient, type GrpcSink, type GrpcStream, type HttpSink } from "@sluice/abi";
import type { Pairs } from "./exchange.ts";
import type { MadeCallout } from "./host.ts";

export class PlainCallouts implements CalloutClient {
  readonly made: MadeCallout[] = [];
  private readonly clusters: readonly string[];

  constructor(clusters: readonly string[]) {
    this.clusters = clusters;
  }

  hasCluster(cluster: string): boolean {
    return this.clusters.includes(cluster);
  }

  http(request: Parameters<CalloutClient["http"]>[0], sink: HttpSink): GrpcStream {
    return this.note({
      kind: "http",
      cluster: request.cluster,
      fields: request.headers.toPairs(),
      trailers: request.trailers?.toPairs() ?? null,
      sent: [Buffer.from(request.body).toString()],
      timeoutMs: request.timeoutMs,
      ...answers(sink, null),
    });
  }

  grpcCall(request: Parameters<CalloutClient["grpcCall"]>[0], sink: GrpcSink): GrpcStream {
    return this.grpc("grpcCall", request, sink, {
      sent: [Buffer.from(request.message).toString()],
      timeoutMs: request.timeoutMs,
    });
  }

  grpcStream(request: Parameters<CalloutClient["grpcStream"]>[0], sink: GrpcSink): GrpcStream {
    return this.grpc("grpcStream", request, sink, { sent: [], timeoutMs: null });
  }

  private grpc(
    kind: MadeCallout["kind"],
    { cluster, service, method, metadata }: Parameters<CalloutClient["grpcStream"]>[0],
    sink: GrpcSink,
    rest: Pick<MadeCallout, "sent" | "timeoutMs">,
  ): GrpcStream {
    const fields: Pairs = [[":path", `/${service}/${method}`], ...metadata.toPairs()];
    return this.note({ kind, cluster, fields, trailers: null, ...rest, ...answers(null, sink) });
  }

  private note(callout: Omit<MadeCallout, "state">): GrpcStream {
    const made: MadeCallout = { ...callout, state: "open" };
    this.made.push(made);
    return {
      cancel: () => (made.state = "cancelled"),
      halfClose: () => (made.state = "halfClosed"),
      send(message, endOfStream) {
        made.sent.push(Buffer.from(message).toString());
        if (endOfStream) made.state = "halfClosed";
        return true;
      },
    };
  }
}

function answers(http: HttpSink | null, grpc: GrpcSink | null): Pick<MadeCallout, "answer" | "fail" | "tell"> {
  return {
    answer: (headers, body, trailers) =>
      http!.answered(headOf(headers), Buffer.from(body), trailers === undefined ? null : headOf(trailers)),
    fail: (reason) => http!.failed(reason),
    tell({ initial, message, trailing, closed }) {
      if (initial !== undefined) grpc!.initialMetadata(headOf(initial));
      if (message !== undefined) grpc!.message(Buffer.from(message));
      if (trailing !== undefined) grpc!.trailingMetadata(headOf(trailing));
      if (closed !== undefined) grpc!.closed(...closed);
    },
  };
}
