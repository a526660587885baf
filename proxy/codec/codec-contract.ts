// What every codec must do, as one test suite: its client side and its server side talk over a transport, and what one
// is told to send the other must tell, whatever lies between them on the wire. What a codec refuses is its own affair
// and tested beside it.

import { headOf, Head } from "@sluice/abi/data-path";
import { describe, expect, it } from "vitest";
import type { Transport, TransportListener } from "../transport/transport.ts";
import type { RequestSink, RequestWriter, ResponseSink, ResponseWriter } from "./codec.ts";

/** A codec as the suite needs it. */
export interface CodecUnderTest {
  /** Serves a connection: `open` gives the sink of each stream. */
  serve(transport: Transport, open: (writer: ResponseWriter) => RequestSink): void;
  /** A client connection; `attach` takes it for one stream. */
  dial(transport: Transport): { attach(sink: ResponseSink, isHead: boolean): RequestWriter };
  listen(accepted: (transport: Transport) => void): Promise<TransportListener>;
  connect(port: number): Transport;
}

const GET: [string, string][] = [
  [":method", "GET"],
  [":path", "/a?b"],
  [":authority", "a.test"],
  [":scheme", "http"],
];

/** Said by whoever answers, so that no codec has to. */
const DATE: [string, string] = ["date", "Sun, 06 Nov 1994 08:49:37 GMT"];
const UPGRADE_FIELDS = [
  ["connection", "upgrade"],
  ["upgrade", "websocket"],
];

/** Registers the suite. */
export function describeCodec(name: string, codec: CodecUnderTest): void {
  const withStream = (use: (wire: Wire) => Promise<void>): Promise<void> => Wire.with(codec, use);

  describe(`${name} as a codec`, () => {
    it("carries a request head and a response head", () =>
      withStream(async ({ client, server, request }) => {
        expect(request([...GET, ["x-a", "1"], ["x-a", "2"]], true)).toBe(true);
        await server.until(() => server.isWhole);
        expect(server.pairs).toEqual([...GET, ["x-a", "1"], ["x-a", "2"]]);
        expect(server.writer!.sendResponseHead(headOf([[":status", "204"], ["x-b", "3"], DATE]), true)).toBe(true);
        await client.until(() => client.isWhole);
        expect(client.pairs).toEqual([[":status", "204"], ["x-b", "3"], DATE]);
        expect(client.isDone && server.isDone).toBe(true);
      }));

    it("carries bodies of a known length", () =>
      withStream(async ({ client, server, request, writer }) => {
        request([...GET, ["content-length", "6"]], false);
        writer().sendRequestData(Buffer.from("-abc-"), 1, 4, false);
        writer().sendRequestData(Buffer.from("def"), 0, 3, true);
        await server.until(() => server.isWhole);
        expect(server.body).toBe("abcdef");
        server.writer!.sendResponseHead(
          headOf([
            [":status", "200"],
            ["content-length", "2"],
          ]),
          false,
        );
        server.writer!.sendResponseData(Buffer.from("ok"), 0, 2, true);
        await client.until(() => client.isDone);
        expect(client.body).toBe("ok");
      }));

    it("carries bodies of unknown length, with trailers that are not headers", () =>
      withStream(async ({ client, server, request, writer }) => {
        request(GET, false);
        writer().sendRequestData(Buffer.from("abc"), 0, 3, false);
        writer().sendRequestTrailers(headOf([["x-sum", "1"]]));
        await server.until(() => server.isWhole);
        expect([server.body, server.trailers]).toEqual(["abc", [["x-sum", "1"]]]);
        expect(server.pairs).toEqual(GET);
        server.writer!.sendResponseHead(headOf([[":status", "200"]]), false);
        server.writer!.sendResponseData(Buffer.from("xyz"), 0, 3, false);
        server.writer!.sendResponseTrailers(headOf([["x-sum", "2"]]));
        await client.until(() => client.isDone);
        expect([client.body, client.trailers]).toEqual(["xyz", [["x-sum", "2"]]]);
      }));

    it("carries a large body in order, and gives credit when the peer is slow", () =>
      withStream(async ({ client, server, request }) => {
        request(GET, true);
        await server.until(() => server.isWhole);
        const block = Buffer.alloc(60_000, "0123456789");
        client.writer!.pauseResponse();
        server.writer!.sendResponseHead(headOf([[":status", "200"]]), false);
        let blocks = 0;
        while (server.pends === 0) {
          server.writer!.sendResponseData(block, 0, block.length, false);
          blocks++;
          await nextTurn();
        }
        client.writer!.resumeResponse();
        await server.until(() => server.credits > 0);
        server.writer!.sendResponseData(block, 0, 0, true);
        await client.until(() => client.isDone);
        expect(client.body === block.toString().repeat(blocks)).toBe(true);
      }));

    it("serves streams one after the other on one connection", () =>
      withStream(async (wire) => {
        for (let i = 0; i < 3; i++) {
          const { client, server, request } = wire;
          request([...GET, ["x-i", String(i)]], true);
          await server.until(() => server.isWhole);
          expect(server.pairs.at(-1)).toEqual(["x-i", String(i)]);
          server.writer!.sendResponseHead(headOf([[":status", "200"]]), true);
          await client.until(() => client.isDone);
          wire.next();
        }
      }));

    it("sends no body in answer to HEAD", () =>
      withStream(async ({ client, server, request }) => {
        request([[":method", "HEAD"], ...GET.slice(1)], true);
        await server.until(() => server.isWhole);
        server.writer!.sendResponseHead(headOf([[":status", "200"], ["content-length", "5"], DATE]), false);
        server.writer!.sendResponseData(Buffer.from("hello"), 0, 5, true);
        await client.until(() => client.isDone);
        expect([client.body, client.pairs]).toEqual(["", [[":status", "200"], ["content-length", "5"], DATE]]);
      }));

    it("refuses to send a head that a line break or an empty name would split", () =>
      withStream(async ({ server, request }) => {
        expect(request([...GET, ["x-a", "1\r\nx-b: 2"]], true)).toBe(false);
        expect(request([...GET, ["x a", "1"]], true)).toBe(false);
        expect(request([[":method", "GET"], [":path", "/a b"], ...GET.slice(2)], true)).toBe(false);
        expect(request(GET, true)).toBe(true);
        await server.until(() => server.isWhole);
        expect(
          server.writer!.sendResponseHead(
            headOf([
              [":status", "200"],
              ["x-a", "1\n2"],
            ]),
            true,
          ),
        ).toBe(false);
        expect(server.writer!.sendResponseHead(headOf([[":status", "2000"]]), true)).toBe(false);
        expect(server.writer!.sendResponseHead(headOf([[":status", "200"]]), true)).toBe(true);
      }));

    it("refuses more body than was promised, and less", () =>
      withStream(async ({ server, request, writer }) => {
        request([...GET, ["content-length", "2"]], false);
        expect(writer().sendRequestData(Buffer.from("abc"), 0, 3, true)).toBe(false);
        expect(writer().sendRequestData(Buffer.from("a"), 0, 1, false)).toBe(true);
        expect(writer().sendRequestData(Buffer.from(""), 0, 0, true)).toBe(false);
        expect(writer().sendRequestData(Buffer.from("b"), 0, 1, true)).toBe(true);
        await server.until(() => server.isWhole);
        expect(server.body).toBe("ab");
      }));

    it("tells a cut response from a whole one", () =>
      withStream(async ({ client, server, request }) => {
        request(GET, true);
        await server.until(() => server.isWhole);
        server.writer!.sendResponseHead(headOf([[":status", "200"]]), false);
        server.writer!.sendResponseData(Buffer.from("abc"), 0, 3, false);
        await client.until(() => client.body === "abc");
        server.writer!.resetResponse();
        await client.until(() => client.cut !== null);
        expect([client.cut, client.isWhole, server.isDone]).toEqual(["UC", false, true]);
      }));

    it("carries answers before the answer, and bytes both ways behind a 101, each half to its own end", () =>
      withStream(async ({ client, server, request, upgrade }) => {
        upgrade();
        request([...GET, ["sec-websocket-version", "13"]], true);
        await server.until(() => server.isWhole);
        expect([server.writer!.wantsUpgrade, server.pairs.slice(-2)]).toEqual([true, UPGRADE_FIELDS]);
        const hints: [string, string][] = [
          [":status", "103"],
          ["link", "</a.css>"],
        ];
        server.writer!.sendInterim(headOf(hints));
        expect(server.writer!.sendUpgrade(headOf([[":status", "200"]]))).toBe(false);
        expect(server.writer!.sendUpgrade(headOf([[":status", "101"]]))).toBe(true);
        await client.until(() => client.pairs.length > 0);
        expect(client.interim).toEqual([hints]);
        expect(client.pairs).toEqual([[":status", "101"], ...UPGRADE_FIELDS]);
        client.writer!.sendRequestData(Buffer.from("GET / up"), 0, 8, false);
        await server.until(() => server.body === "GET / up");
        server.writer!.sendResponseData(Buffer.from("down"), 0, 4, true);
        await client.until(() => client.isWhole);
        expect([client.body, client.isDone, server.isDone]).toEqual(["down", false, false]);
        client.writer!.sendRequestData(Buffer.from("last"), 0, 4, true);
        await server.until(() => server.isDone);
        expect([server.body, server.isWhole, server.cut, client.isDone]).toEqual(["GET / uplast", true, null, true]);
      }));

    it("tells the server of a client that dropped its request", () =>
      withStream(async ({ server, request, writer }) => {
        request([...GET, ["content-length", "9"]], false);
        await server.until(() => server.pairs.length > 0);
        writer().dropRequest();
        await server.until(() => server.isDone);
        expect([server.cut, server.isWhole]).toEqual(["DC", false]);
      }));
  });
}

class Waiting {
  private readonly waiting: (() => void)[] = [];
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }
  protected wake(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }
  pairs: [string, string][] = [];
  body = "";
  trailers: [string, string][] = [];
  isWhole = false;
  isDone = false;
  pends = 0;
  credits = 0;
  cut: string | null = null;

  protected take(bytes: Uint8Array, start: number, end: number, endOfStream: boolean): void {
    this.body += Buffer.from(bytes.subarray(start, end)).toString("latin1");
    this.isWhole = endOfStream;
    this.wake();
  }
}

/** Keeps what a server's codec tells. */
class ServerSide extends Waiting implements RequestSink {
  readonly requestHead = new Head();
  writer: ResponseWriter | null = null;
  headStore(bytes: number): Uint8Array {
    return new Uint8Array(bytes);
  }
  requestHeadComplete(_headLength: number, endOfStream: boolean): void {
    this.pairs = this.requestHead.toPairs();
    this.isWhole = endOfStream;
    this.wake();
  }
  requestRefused(status: number): void {
    throw new Error(`refused with ${status}`);
  }
  requestData(bytes: Uint8Array, start: number, end: number, endOfStream: boolean): void {
    this.take(bytes, start, end, endOfStream);
  }
  requestTrailers(trailers: Head): void {
    this.trailers = trailers.toPairs();
    this.isWhole = true;
    this.wake();
  }
  requestCut(flag: string): void {
    this.cut = flag;
  }
  responseWritable(): void {
    this.credits++;
    this.wake();
  }
  responsePended(): void {
    this.pends++;
  }
  streamIdle(): void {}
  responseOverdue(): void {}
  requestOverdue(): void {}
  streamOverdue(): void {}
  streamDone(): void {
    this.isDone = true;
    this.wake();
  }
}

/** Keeps what a client's codec tells. */
class ClientSide extends Waiting implements ResponseSink {
  readonly responseHead = new Head();
  readonly interim: [string, string][][] = [];
  writer: RequestWriter | null = null;
  responseHeadComplete(_headEnd: number, endOfStream: boolean): void {
    this.pairs = this.responseHead.toPairs();
    this.isWhole = endOfStream;
    this.wake();
  }
  responseInterim(): void {
    this.interim.push(this.responseHead.toPairs());
    this.wake();
  }
  responseUpgraded(): void {
    this.pairs = this.responseHead.toPairs();
    this.wake();
  }
  responseData(bytes: Uint8Array, start: number, end: number, endOfStream: boolean): void {
    this.take(bytes, start, end, endOfStream);
  }
  responseTrailers(trailers: Head): void {
    this.trailers = trailers.toPairs();
    this.isWhole = true;
    this.wake();
  }
  responseCut(flag: string): void {
    this.cut = flag;
    this.isDone = true;
    this.wake();
  }
  upstreamDone(): void {
    this.isDone = true;
    this.wake();
  }
  requestWritable(): void {}
  requestPended(): void {}
}

/** One connection with both sides of the codec, and its stream under way. */
class Wire {
  client = new ClientSide();
  server = new ServerSide();
  private readonly connection: { attach(sink: ResponseSink, isHead: boolean): RequestWriter };

  private constructor(codec: CodecUnderTest, port: number) {
    this.connection = codec.dial(codec.connect(port));
  }

  static async with(codec: CodecUnderTest, use: (wire: Wire) => Promise<void>): Promise<void> {
    const transports: Transport[] = [];
    let wire: Wire | null = null;
    const listener = await codec.listen((transport) => {
      transports.push(transport);
      codec.serve(transport, (writer) => {
        wire!.server.writer = writer;
        return wire!.server;
      });
    });
    try {
      wire = new Wire(codec, listener.port);
      await use(wire);
    } finally {
      wire?.client.writer?.dropRequest();
      for (const transport of transports) transport.close();
      listener.close();
    }
  }

  readonly request = (fields: [string, string][], endOfStream: boolean): boolean => {
    this.client.writer ??= this.connection.attach(this.client, fields[0]![1] === "HEAD");
    return this.client.writer.sendRequestHead(headOf(fields), endOfStream);
  };

  readonly writer = (): RequestWriter => this.client.writer!;

  /** Before `request`: it asks to go on as a WebSocket. */
  readonly upgrade = (): void => {
    this.client.writer = this.connection.attach(this.client, false);
    this.client.writer.askUpgrade();
  };

  /** The connection's next stream. */
  next(): void {
    this.client = new ClientSide();
    this.server = new ServerSide();
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
