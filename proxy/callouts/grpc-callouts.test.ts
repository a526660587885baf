import { createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { once } from "node:events";
import type { ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { headOf } from "@sluice/abi";
import type { CalloutClient, GrpcStream, Head } from "@sluice/abi";
import { CalloutBench, GrpcNotes, H2Origin, answerWith, frame } from "./callouts.fixture.ts";
import { MESSAGE_BYTES_MAX, METADATA_BYTES_MAX, STREAM_PENDING_BYTES_MAX } from "./limits.ts";

let bench: CalloutBench;
const closings: (() => Promise<unknown>)[] = [];

beforeEach(() => {
  bench = new CalloutBench();
});
afterEach(async () => {
  bench.callouts.close();
  expect(bench.callouts.live).toBe(0);
  for (const close of closings.splice(0)) await close();
  await expect.poll(() => [bench.callouts.heldBytes, bench.callouts.sessionsLive]).toEqual([0, 0]);
});

type Script = (stream: ServerHttp2Stream, headers: Record<string, string>) => void;

async function origin(script: Script, settings: object = {}): Promise<H2Origin> {
  const made = await H2Origin.start(script, settings);
  closings.push(() => made.stop());
  return made;
}

/** A server on plain TCP. */
async function rawOrigin(script: (socket: Socket) => void): Promise<number> {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    script(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closings.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
    return once(server, "close");
  });
  return (server.address() as AddressInfo).port;
}

const CALL = { cluster: "auth", service: "auth.v1.Check", method: "May", metadata: headOf([]), timeoutMs: 5_000 };

function call(
  client: CalloutClient,
  change: { metadata?: Head; timeoutMs?: number; message?: Uint8Array } = {},
): GrpcNotes {
  const notes = new GrpcNotes();
  client.grpcCall({ ...CALL, message: Buffer.from("ask"), ...change }, notes);
  return notes;
}

function open(client: CalloutClient): { notes: GrpcNotes; stream: GrpcStream } {
  const notes = new GrpcNotes();
  return { notes, stream: client.grpcStream(CALL, notes) };
}

/** Everything the client sends, once it has half-closed. */
async function allOf(stream: ServerHttp2Stream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("latin1");
}

describe("a gRPC call", () => {
  it("sends path, metadata, deadline and message, and tells the answer's message and then its end", async () => {
    const seen: Record<string, string>[] = [];
    const bodies: Promise<string>[] = [];
    const auth = await origin((stream, headers) => {
      seen.push(headers);
      bodies.push(allOf(stream));
      answerWith(stream, ["yes"]);
    });
    const metadata = headOf([
      ["x-a", "1"],
      ["x-a", "2"],
      ["x-bin", "AAE"],
      ["content-type", "text/plain"],
      ["grpc-timeout", "9H"],
    ]);
    const client = bench.client({ auth: [auth.port] });
    const notes = call(client, { metadata });
    await notes.over;
    expect(notes.heard).toEqual(["message yes", "closed 0 "]);
    expect(seen[0]).toMatchObject({
      ":method": "POST",
      ":path": "/auth.v1.Check/May",
      ":authority": `127.0.0.1:${auth.port}`,
      "content-type": "application/grpc",
      te: "trailers",
      "grpc-timeout": "5000m",
      "x-a": "1, 2",
      "x-bin": "AAE",
    });
    expect(await bodies[0]).toBe(frame("ask").toString("latin1"));
    expect(bench.counted()).toEqual({ sent: 1, answered: 1 });
  });

  it("shares one session with all others, and keeps it over snapshots", async () => {
    const auth = await origin((stream, headers) => answerWith(stream, [headers["x-id"]!]));
    const notes = Array.from({ length: 200 }, (_, id) =>
      call(bench.client({ auth: [auth.port] }), { metadata: headOf([["x-id", `${id}`]]) }),
    );
    await Promise.all(notes.map(({ over }) => over));
    expect(notes.map(({ heard }) => heard[0])).toEqual(notes.map((_, id) => `message ${id}`));
    // A session takes some 100 streams until the peer has said how many it takes.
    expect(auth.sessions.length).toBeLessThanOrEqual(2);
    expect(bench.counted()).toEqual({ sent: 200, answered: 200 });
  });

  it("waits where all sessions are full, and is answered in the end", async () => {
    const auth = await origin((stream, headers) => answerWith(stream, [headers["x-id"]!]), { maxConcurrentStreams: 1 });
    const client = bench.client({ auth: [auth.port] });
    await call(client, { metadata: headOf([["x-id", "first"]]) }).over;
    const notes = Array.from({ length: 20 }, (_, id) => call(client, { metadata: headOf([["x-id", `${id}`]]) }));
    expect(await Promise.all(notes.map(({ over }) => over))).toEqual(notes.map(() => "closed 0 "));
    expect(auth.sessions.length).toBeLessThanOrEqual(4);
  });

  it.each([
    {
      name: "a status of the server, its text decoded",
      script: ((stream) =>
        answerWith(stream, [], { "grpc-status": "7", "grpc-message": "not%20you, J%C3%B6rg 100%" })) satisfies Script,
      closed: "closed 7 not you, Jörg 100%",
      counted: "answered",
    },
    {
      name: "trailers only",
      script: ((stream) =>
        stream.respond(
          { ":status": 200, "content-type": "application/grpc", "grpc-status": "5", "grpc-message": "gone" },
          { endStream: true },
        )) satisfies Script,
      closed: "closed 5 gone",
      counted: "answered",
    },
    {
      name: "a status nobody knows",
      script: ((stream) => answerWith(stream, [], { "grpc-status": "99" })) satisfies Script,
      closed: "closed 2 ",
      counted: "answered",
    },
    {
      name: "HTTP 503",
      script: ((stream) => void (stream.respond({ ":status": 503 }), stream.end("busy"))) satisfies Script,
      closed: "closed 14 the answer is not gRPC: HTTP 503",
      counted: "protocol",
    },
    {
      name: "HTTP 404 without a body",
      script: ((stream) => stream.respond({ ":status": 404 }, { endStream: true })) satisfies Script,
      closed: "closed 12 the answer has no grpc-status",
      counted: "protocol",
    },
    {
      name: "a web page",
      script: ((stream) => {
        stream.respond({ ":status": 200, "content-type": "text/html" });
        stream.end("<p>");
      }) satisfies Script,
      closed: "closed 2 the answer is not gRPC: HTTP 200",
      counted: "protocol",
    },
    {
      name: "an end without trailers",
      script: ((stream) => {
        stream.respond({ ":status": 200, "content-type": "application/grpc" });
        stream.end(frame("yes"));
      }) satisfies Script,
      closed: "closed 2 the answer has no grpc-status",
      counted: "protocol",
    },
    {
      name: "an end within a message",
      script: ((stream) => answerWith(stream, [frame("yes").subarray(0, 6)])) satisfies Script,
      closed: "closed 13 the answer ends within a message",
      counted: "protocol",
    },
    {
      name: "no message",
      script: ((stream) => answerWith(stream, [])) satisfies Script,
      closed: "closed 13 the answer has no message, or several",
      counted: "protocol",
    },
    {
      name: "two messages",
      script: ((stream) => answerWith(stream, ["a", "b"])) satisfies Script,
      closed: "closed 13 the answer has no message, or several",
      counted: "protocol",
    },
    {
      name: "a compressed message",
      script: ((stream) => answerWith(stream, [frame("yes", 1)])) satisfies Script,
      closed: "closed 13 a message is compressed",
      counted: "protocol",
    },
    {
      name: "a message over its bound, before its bytes come",
      script: ((stream) => {
        const prefix = Buffer.alloc(5);
        prefix.writeUInt32BE(MESSAGE_BYTES_MAX + 1, 1);
        answerWith(stream, [prefix]);
      }) satisfies Script,
      closed: "closed 8 a message is too large",
      counted: "tooLarge",
    },
    {
      name: "a reset in the middle",
      script: ((stream) => {
        stream.respond({ ":status": 200, "content-type": "application/grpc" });
        stream.write(frame("yes").subarray(0, 6), () => stream.destroy(new Error("broken")));
      }) satisfies Script,
      closed: "closed 13 the stream was reset with code 2",
      counted: "reset",
    },
    {
      name: "metadata over its bound",
      script: ((stream) =>
        stream.respond({
          ":status": 200,
          "content-type": "application/grpc",
          "x-long": "a".repeat(METADATA_BYTES_MAX),
        })) satisfies Script,
      closed: "closed 8 the metadata is too large",
      counted: "tooLarge",
    },
  ])("tells $name", async ({ script, closed, counted }) => {
    const auth = await origin(script);
    const notes = call(bench.client({ auth: [auth.port] }));
    expect(await notes.over).toBe(closed);
    expect(notes.heard).toEqual([closed]);
    expect(bench.counted()).toEqual({ sent: 1, [counted]: 1 });
  });

  it("asked of what speaks no HTTP/2, or nobody, fails", async () => {
    const garbage = await rawOrigin(
      (socket) => void socket.write("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"),
    );
    const deaf = await H2Origin.start(() => {});
    const { port } = deaf;
    await deaf.stop();
    const client = bench.client({ auth: [garbage], dead: [port], none: [] });
    expect(await call(client).over).toBe("closed 13 protocol");
    const told = ["dead", "none"].map((cluster) => {
      const notes = new GrpcNotes();
      client.grpcCall({ ...CALL, cluster, message: Buffer.from("ask") }, notes);
      return notes.over;
    });
    expect(await Promise.all(told)).toEqual(["closed 14 connect", "closed 14 noEndpoint"]);
  });

  it("that is not answered in time ends, and a peer that says nothing at all gets no other", async () => {
    let connections = 0;
    const silent = await rawOrigin(() => void connections++);
    const client = bench.client({ auth: [silent] });
    expect(await call(client, { timeoutMs: 20 }).over).toBe("closed 4 timeout");
    expect(await call(client, { timeoutMs: 20 }).over).toBe("closed 4 timeout");
    expect([connections, bench.counted()]).toEqual([2, { sent: 2, timeout: 2 }]);
  });

  it("survives GOAWAY: what is under way is answered, what comes next goes over a new session", async () => {
    const held: ServerHttp2Stream[] = [];
    const auth = await origin((stream, headers) => {
      if (headers["x-id"] === "held") held.push(stream);
      else answerWith(stream, ["new"]);
    });
    const client = bench.client({ auth: [auth.port] });
    const first = call(client, { metadata: headOf([["x-id", "held"]]) });
    await expect.poll(() => held.length).toBe(1);
    auth.sessions[0]!.goaway(0, held[0]!.id!);
    await expect
      .poll(async () => {
        expect(await call(client).over).toBe("closed 0 ");
        return auth.sessions.length;
      })
      .toBe(2);
    answerWith(held[0]!, ["old"]);
    await first.over;
    expect(first.heard).toEqual(["message old", "closed 0 "]);
  });

  it("refused unseen is asked once more, and then no more", async () => {
    let refusals = 1;
    const auth = await origin((stream) => {
      if (refusals-- > 0) stream.close(7);
      else answerWith(stream, ["yes"]);
    });
    const client = bench.client({ auth: [auth.port] });
    expect(await call(client).over).toBe("closed 0 ");
    refusals = 2;
    expect(await call(client).over).toBe("closed 14 the stream was reset with code 7");
  });

  it.each([
    { name: "dies", die: (session: ServerHttp2Session) => session.destroy() },
    { name: "is ended with an error", die: (session: ServerHttp2Session) => session.goaway(11) },
  ])("whose session $name is told so, and the next has another", async ({ die }) => {
    const auth = await origin((stream, headers) => {
      if (headers["x-id"] === "die") die(stream.session as ServerHttp2Session);
      else answerWith(stream, ["yes"]);
    });
    const client = bench.client({ auth: [auth.port] });
    const all = Array.from({ length: 3 }, () => call(client, { metadata: headOf([["x-id", "die"]]) }));
    expect(await Promise.all(all.map(({ over }) => over))).toEqual(all.map(() => "closed 14 reset"));
    expect(await call(client).over).toBe("closed 0 ");
  });

  it("cancelled is reset at the peer and never told of", async () => {
    const codes: (number | undefined)[] = [];
    const auth = await origin((stream) => stream.on("close", () => codes.push(stream.rstCode)));
    const client = bench.client({ auth: [auth.port] });
    const notes = new GrpcNotes();
    const callout = client.grpcCall({ ...CALL, message: Buffer.from("ask") }, notes);
    await expect.poll(() => auth.sessions.length).toBe(1);
    callout.cancel();
    await expect.poll(() => codes).toEqual([8]);
    expect([notes.heard, bench.counted()]).toEqual([[], { sent: 1, cancelled: 1 }]);
  });
});

describe("a gRPC stream", () => {
  it("tells metadata, messages however they are cut, trailers and the end, in this order", async () => {
    const auth = await origin((stream) => {
      const bytes = Buffer.concat([frame("one"), frame(""), frame("x".repeat(100_000)), frame("last")]);
      answerWith(stream, [...bytes.subarray(0, 12)].map((byte) => Buffer.of(byte)).concat(bytes.subarray(12)), {
        "grpc-status": "0",
        "x-last": "2",
      });
    });
    const { notes } = open(bench.client({ auth: [auth.port] }));
    await notes.over;
    expect(notes.heard).toEqual([
      "metadata 1",
      "message one",
      "message ",
      "message of 100000",
      "message last",
      "trailers 2",
      "closed 0 ",
    ]);
    expect(bench.counted()).toEqual({ sent: 1, answered: 1 });
  });

  it("goes in both directions, and still hears after its half-close", async () => {
    const auth = await origin((stream) => {
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.on("data", (chunk: Buffer) => stream.write(frame(`got ${chunk.subarray(5).toString()}`)));
      stream.on("end", () => stream.end(frame("bye")));
    });
    const { notes, stream } = open(bench.client({ auth: [auth.port] }));
    await notes.until(1);
    for (const [at, text] of ["a", "b", "c"].entries()) {
      expect(stream.send(Buffer.from(text), false)).toBe(true);
      await notes.until(2 + at);
    }
    stream.halfClose();
    stream.halfClose();
    expect(stream.send(Buffer.from("late"), true)).toBe(true);
    await notes.over;
    expect(notes.heard).toEqual([
      "metadata ",
      "message got a",
      "message got b",
      "message got c",
      "message bye",
      "trailers ",
      "closed 0 ",
    ]);
  });

  it("that the server ends before the client is over for both", async () => {
    const auth = await origin((stream) => answerWith(stream, [], { "grpc-status": "9" }));
    const { notes, stream } = open(bench.client({ auth: [auth.port] }));
    expect(await notes.over).toBe("closed 9 ");
    expect(stream.send(Buffer.from("late"), false)).toBe(true);
    stream.halfClose();
    stream.cancel();
    expect([notes.heard.length, bench.counted()]).toEqual([3, { sent: 1, answered: 1 }]);
  });

  it("takes no more than its bound while the peer takes nothing", async () => {
    const auth = await origin((stream) => stream.pause());
    const { notes, stream } = open(bench.client({ auth: [auth.port] }));
    const message = Buffer.alloc(64 * 1024);
    let taken = 0;
    while (stream.send(message, false)) taken++;
    expect(taken).toBeLessThanOrEqual(STREAM_PENDING_BYTES_MAX / message.length);
    expect(bench.callouts.heldBytes).toBe(taken * (message.length + 5));
    stream.cancel();
    await expect.poll(() => bench.callouts.heldBytes).toBe(0);
    expect(notes.heard).toEqual([]);
  });

  it("cancelled within a message hears nothing of those behind it", async () => {
    const auth = await origin((stream) => answerWith(stream, [Buffer.concat([frame("a"), frame("b"), frame("c")])]));
    const { notes, stream } = open(bench.client({ auth: [auth.port] }));
    notes.onMessage = (text) => text === "b" && stream.cancel();
    await notes.until(3);
    await expect.poll(() => bench.callouts.live).toBe(0);
    expect(notes.heard).toEqual(["metadata 1", "message a", "message b"]);
    expect(bench.counted()).toEqual({ sent: 1, cancelled: 1 });
  });

  it("to a peer that takes the connection and says nothing ends when its time to connect is over", async () => {
    const silent = await rawOrigin(() => {});
    const { notes, stream } = open(bench.client({ auth: [silent] }, 30));
    expect(stream.send(Buffer.from("early"), false)).toBe(true);
    expect(await notes.over).toBe("closed 14 connect");
    expect(bench.counted()).toEqual({ sent: 1, connect: 1 });
  });

  it("sends what was said before there was a session, in its order", async () => {
    const auth = await origin(async (stream) => answerWith(stream, [await allOf(stream)]));
    const { notes, stream } = open(bench.client({ auth: [auth.port] }));
    stream.send(Buffer.from("a"), false);
    stream.send(Buffer.from("b"), true);
    await notes.over;
    expect(notes.heard[1]).toBe(`message ${Buffer.concat([frame("a"), frame("b")]).toString("latin1")}`);
  });

  it("ends when the worker does", async () => {
    const auth = await origin((stream) => answerWith(stream, ["a"], {}));
    const held = await origin(() => {});
    const client = bench.client({ auth: [held.port], other: [auth.port] });
    const { notes } = open(client);
    bench.callouts.close();
    expect(await notes.over).toBe("closed 14 shutdown");
    expect(await open(client).notes.over).toBe("closed 14 shutdown");
  });
});
