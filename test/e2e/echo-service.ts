// The gRPC service that the behaviour table asks, over HTTP/2 without TLS: `Say` repeats what it was asked with, `Chat` hears
// its client out and answers with three messages.

import { once } from "node:events";
import { createServer } from "node:http2";
import type { Http2Server, IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";

/** A flag and the length stand before each message. */
const PREFIX_BYTES = 5;

export class EchoService {
  private readonly server: Http2Server = createServer();
  private readonly sessions = new Set<ServerHttp2Session>();

  static async start(): Promise<EchoService> {
    const service = new EchoService();
    service.server.on("session", (session) => service.sessions.add(session));
    service.server.on("stream", (stream, headers) => void answer(stream, headers));
    await once(service.server.listen(0, "127.0.0.1"), "listening");
    return service;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  close(): void {
    for (const session of this.sessions) session.destroy();
    this.server.close();
  }
}

async function answer(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
  const asked = messagesIn(Buffer.concat(await stream.toArray()));
  const isCall = headers[":path"]!.endsWith("/Say");
  const answers = isCall ? [`${headers[":path"]} ${headers["x-meta"]} ${asked.join()}`] : ["one", "", "three"];
  stream.respond({ ":status": 200, "content-type": "application/grpc", "x-first": "hello" }, { waitForTrailers: true });
  stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0", "x-last": "bye" }));
  for (const message of answers) stream.write(framed(message));
  stream.end();
}

function messagesIn(bytes: Buffer): string[] {
  const messages: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + PREFIX_BYTES + bytes.readUInt32BE(at + 1);
    messages.push(bytes.toString("utf8", at + PREFIX_BYTES, end));
    at = end;
  }
  return messages;
}

function framed(message: string): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(Buffer.byteLength(message), 1);
  return Buffer.concat([prefix, Buffer.from(message)]);
}
