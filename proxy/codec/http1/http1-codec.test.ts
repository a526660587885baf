import { rawTcp } from "../../transport/raw-transport.ts";
import type { Transport } from "../../transport/transport.ts";
import { describeCodec } from "../codec-contract.ts";
import type { RequestSink, ResponseWriter } from "../codec.ts";
import { OutputStage } from "../stage.ts";
import { Http1ClientConnection } from "./client-connection.ts";
import { Http1ServerConnection } from "./server-connection.ts";

const unbounded = {
  stage: new OutputStage(),
  headBytesMax: 32_768,
  headFieldsMax: 100,
  isDraining: false,
  underscores: "refuse" as const,
  clock: { wallMs: 0 },
  trusts: () => false,
  cancelStream() {},
  awaits() {},
  respondWithin() {},
  requestsPerConnectionMax: 1_000,
  streamBegins() {},
  connectionSpent() {},
  turn() {},
  bytesHeld() {},
  connectionOpened() {},
  connectionFree() {},
  connectionClosed() {},
};

describeCodec("HTTP/1.1", {
  listen: (accepted) => rawTcp.listen({ host: "127.0.0.1", port: 0 }, accepted),
  connect: (port) => rawTcp.connect("127.0.0.1", port),
  serve(transport: Transport, open: (writer: ResponseWriter) => RequestSink) {
    void new Http1ServerConnection(transport, "test", { ...unbounded, openStream: open });
  },
  dial(transport: Transport) {
    const connection = new Http1ClientConnection(transport, unbounded);
    return {
      attach(sink, isHead) {
        connection.attach(sink, isHead);
        return connection;
      },
    };
  },
});
