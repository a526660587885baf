// The clusters of the behaviour table. `answers` answers everything and repeats what it was asked, `broken` fails; nobody
// else can be asked. Answers come when time passes, as an embedding's would: never within the hostcall.

import { headOf } from "@sluice/abi";
import type {
  Callout,
  CalloutClient,
  GrpcCallRequest,
  GrpcSink,
  GrpcStream,
  Head,
  HttpCallout,
  HttpSink,
  TickScheduler,
} from "@sluice/abi";

const ANSWER_MS = 5;
const GRPC_UNAVAILABLE = 14;

export class AnsweringClusters implements CalloutClient {
  private readonly timers: TickScheduler;

  constructor(timers: TickScheduler) {
    this.timers = timers;
  }

  hasCluster(cluster: string): boolean {
    return cluster === "answers" || cluster === "broken";
  }

  http({ cluster, headers, body }: HttpCallout, sink: HttpSink): Callout {
    return this.later(() => {
      if (cluster === "broken") return sink.failed("reset");
      const asked = [":method", ":path", "x-ask"].map((name) => valueOf(headers, name)).join(" ");
      const answer = headOf([
        [":status", "203"],
        ["x-answer", "forty-two"],
      ]);
      sink.answered(answer, Buffer.from(`because: ${asked} ${Buffer.from(body).toString()}`), null);
    });
  }

  grpcCall({ cluster, service, method, metadata, message }: GrpcCallRequest, sink: GrpcSink): Callout {
    return this.later(() => {
      if (cluster === "broken") return sink.closed(GRPC_UNAVAILABLE, "no connection");
      const asked = `${service}/${method} ${valueOf(metadata, "x-meta")} ${Buffer.from(message).toString()}`;
      sink.message(Buffer.from(asked));
      sink.closed(0, "");
    });
  }

  grpcStream(): GrpcStream {
    throw new Error("no behaviour opens a gRPC stream");
  }

  private later(tick: () => void): Callout {
    const answer = { tick };
    this.timers.schedule(answer, ANSWER_MS);
    return { cancel: () => this.timers.cancel(answer) };
  }
}

function valueOf(head: Head, name: string): string {
  return head.toPairs().find(([field]) => field === name)?.[1] ?? "";
}
