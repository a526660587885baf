// Scenes of upstreams that fail, each with what the client hears and what is recorded.

import { readAll } from "../../proxy/exchange/loopback.ts";
import {
  asked,
  BIG_BYTES,
  CHUNKED,
  fine,
  GET,
  heard,
  isSilent,
  LAST_GET,
  NINE,
  OK,
  POST,
  repeats,
  says,
  saysAndEnds,
  saysAndResets,
  SHORT_MS,
  talks,
  turn,
  type FaultScene,
} from "./fault-scenes.ts";

/** What an upstream may do wrong. */
export const UPSTREAM_FAULTS: readonly FaultScene[] = [
  {
    name: "listens no more",
    options: { endpointPort: 1 },
    heard: /^HTTP\/1\.1 503 /,
    streams: [{ status: 503, flags: ["UF"] }],
  },
  {
    name: "closes as soon as it is connected",
    upstream: (socket) => socket.destroy(),
    heard: /^HTTP\/1\.1 502 /,
    streams: [{ status: 502, flags: ["UC"] }],
  },
  {
    name: "resets instead of answering",
    upstream: asked((socket) => void socket.resetAndDestroy()),
    heard: /^HTTP\/1\.1 502 /,
    streams: [{ status: 502, flags: ["UC"] }],
  },
  {
    name: "closes its half and says nothing",
    upstream: asked((socket) => void socket.end()),
    heard: /^HTTP\/1\.1 502 /,
    streams: [{ status: 502, flags: ["UC"] }],
  },
  {
    name: "closes inside its head",
    upstream: saysAndEnds("HTTP/1.1 200 OK\r\ncontent-le"),
    heard: /^HTTP\/1\.1 502 /,
    streams: [{ status: 502, flags: ["UC"] }],
  },
  {
    name: "resets inside its head",
    upstream: saysAndResets("HTTP/1.1 200 OK\r\ncontent-le"),
    heard: /^HTTP\/1\.1 502 /,
    streams: [{ status: 502, flags: ["UC"] }],
  },
  {
    name: "closes after its head",
    upstream: saysAndEnds(NINE),
    heard: /^HTTP\/1\.1 200 [^]*\r\n\r\n$/,
    streams: [{ status: 200, flags: ["UC"] }],
  },
  {
    name: "closes inside its body",
    upstream: saysAndEnds(`${NINE}abc`),
    heard: /\r\n\r\n(3\r\n)?abc(\r\n)?$/,
    streams: [{ status: 200, flags: ["UC"] }],
  },
  {
    name: "resets inside its body",
    upstream: saysAndResets(`${NINE}abc`),
    heard: /^HTTP\/1\.1 200 /,
    streams: [{ status: 200, flags: ["UC"] }],
  },
  {
    name: "closes inside a chunk",
    upstream: saysAndEnds(`${CHUNKED}9\r\nabc`),
    heard: /\r\n\r\n3\r\nabc\r\n$/,
    streams: [{ status: 200, flags: ["UC"] }],
  },
  {
    name: "closes between chunks",
    upstream: saysAndEnds(`${CHUNKED}3\r\nabc\r\n`),
    heard: /\r\n\r\n3\r\nabc\r\n$/,
    streams: [{ status: 200, flags: ["UC"] }],
  },
  {
    name: "closes inside the last chunk",
    upstream: saysAndEnds(`${CHUNKED}3\r\nabc\r\n0\r\n`),
    heard: /\r\n\r\n3\r\nabc\r\n$/,
    streams: [{ status: 200, flags: ["UC"] }],
  },
  {
    name: "closes after its answer",
    upstream: saysAndEnds(OK),
    client: talks(GET + LAST_GET),
    heard: /ok[^]*ok(\r\n0\r\n\r\n)?$/,
    streams: [fine, fine],
  },
  {
    name: "resets after its answer",
    upstream: saysAndResets(OK),
    heard: /ok(\r\n0\r\n\r\n)?$/,
    streams: [fine],
  },
  {
    name: "never answers",
    options: { timeoutMs: SHORT_MS },
    upstream: isSilent,
    heard: /^HTTP\/1\.1 504 /,
    streams: [{ status: 504, flags: ["UT"] }],
  },
  {
    name: "never gets to the end of its head",
    options: { timeoutMs: SHORT_MS },
    upstream: repeats("HTTP/1.1 200 OK\r\n", "x"),
    heard: /^HTTP\/1\.1 504 /,
    streams: [{ status: 504, flags: ["UT"] }],
  },
  {
    name: "never gets to the end of its body",
    options: { timeoutMs: SHORT_MS },
    upstream: repeats(CHUNKED, "1\r\nx\r\n"),
    heard: /^HTTP\/1\.1 200 [^]*\r\n1\r\nx\r\n(?!0)/,
    streams: [{ status: 200, flags: ["UT"] }],
  },
  {
    name: "stops inside its body",
    options: { streamIdleTimeoutMs: SHORT_MS },
    upstream: says(`${NINE}abc`),
    heard: /abc(\r\n)?$/,
    streams: [{ status: 200, flags: ["SI"] }],
  },
  {
    name: "says more than its answer",
    upstream: says(`${OK}HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nwrong`),
    client: talks(GET + LAST_GET),
    heard: /^(?![^]*wrong)[^]*ok[^]*ok(\r\n0\r\n\r\n)?$/,
    streams: [fine, fine],
  },
  {
    name: "says something before it is asked",
    upstream: (socket) => {
      socket.write(`${NINE}too early`);
      socket.resume();
    },
    // It answers the request that opened the connection: nothing tells it from a very fast answer.
    heard: /too early(\r\n0\r\n\r\n)?$/,
    streams: [fine],
  },
  {
    name: "says something on a kept connection that nobody asked for",
    upstream: asked((socket, head) => {
      socket.write(OK, () => {
        if (head.includes("/first")) setImmediate(() => socket.write(NINE + "wrong"));
      });
    }),
    client: async (loopback) => {
      const client = loopback.client();
      client.write(GET);
      await heard(client, "ok");
      const [kept] = loopback.upstreamSockets;
      while (!kept!.readableEnded && !kept!.destroyed) await turn();
      const rest = readAll(client);
      client.write(LAST_GET);
      return rest;
    },
    heard: /^(?![^]*wrong)[^]*ok(\r\n0\r\n\r\n)?$/,
    streams: [fine, fine],
  },
  {
    name: "answers in another protocol",
    upstream: says("SSH-2.0-OpenSSH_9.6\r\n\r\n"),
    heard: /^HTTP\/1\.1 502 /,
    streams: [{ status: 502, flags: ["UPE"] }],
  },
  {
    name: "answers bytes without a meaning",
    upstream: says("\u0016\u0003\u0001\0\u00ff\r\n\r\n".repeat(100)),
    heard: /^HTTP\/1\.1 502 /,
    streams: [{ status: 502, flags: ["UPE"] }],
  },
  {
    name: "breaks its chunks",
    upstream: says(`${CHUNKED}3\r\nabcX9\r\n`),
    heard: /^HTTP\/1\.1 200 [^]*abc\r\n$/,
    streams: [{ status: 200, flags: ["UPE"] }],
  },
  {
    name: "has a head that is too long",
    upstream: says(`HTTP/1.1 200 OK\r\nx-a: ${"a".repeat(100_000)}`),
    heard: /^HTTP\/1\.1 502 /,
    streams: [{ status: 502, flags: ["UPE"] }],
  },
  {
    name: "answers before it has read the request, and closes",
    upstream: asked((socket) => {
      socket.pause();
      socket.end("HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    }),
    client: async (loopback) => {
      const client = loopback.client();
      const said = readAll(client);
      client.write(`POST / HTTP/1.1\r\nhost: a.test\r\ncontent-length: ${1 << 20}\r\n\r\n`);
      client.write(Buffer.alloc(100_000));
      return said;
    },
    heard: /^HTTP\/1\.1 413 /,
    streams: [{ status: 413, flags: [] }],
  },
  {
    name: "resets inside an upload",
    upstream: (socket) => void socket.once("data", () => socket.resetAndDestroy()),
    client: async (loopback) => {
      const client = loopback.client();
      const said = readAll(client);
      client.write(`${POST}abc`);
      return said;
    },
    heard: /^HTTP\/1\.1 502 /,
    streams: [{ status: 502, flags: ["UC"] }],
  },
  {
    name: "does not take an upload",
    options: { timeoutMs: SHORT_MS * 3 },
    upstream: (socket) => void socket.pause(),
    client: async (loopback) => {
      const client = loopback.client();
      const said = readAll(client);
      client.write(`POST / HTTP/1.1\r\nhost: a.test\r\ncontent-length: ${BIG_BYTES}\r\n\r\n`);
      client.write(Buffer.alloc(BIG_BYTES));
      return said;
    },
    heard: /^HTTP\/1\.1 504 /,
    streams: [{ status: 504, flags: ["UT"] }],
  },
];
