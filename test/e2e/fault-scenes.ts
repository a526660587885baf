// The faults of the table in `faults.test.ts`: what the upstream does, what the client does, and what must become of it.

import { once } from "node:events";
import type { Socket } from "node:net";
import { STAGE_BYTES } from "../../proxy/codec/limits.ts";
import { afterHead, readAll, writeSingly, type Loopback, type LoopbackOptions } from "../../proxy/exchange/loopback.ts";

/** What is heard past a filter with a body callback may come as chunks. */
export interface FaultScene {
  readonly name: string;
  readonly options?: LoopbackOptions;
  readonly upstream?: (socket: Socket) => void;
  /** What the client does; resolves with what it heard. Absent: it asks once and reads to the end. */
  readonly client?: (loopback: Loopback) => Promise<string>;
  readonly heard: RegExp;
  /** Of each stream that is recorded, in order. */
  readonly streams: readonly { readonly status: number; readonly flags: readonly string[] }[];
}

const LAST_GET = "GET /last HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n";
const GET = "GET /first HTTP/1.1\r\nhost: a.test\r\n\r\n";
const POST = "POST / HTTP/1.1\r\nhost: a.test\r\ncontent-length: 9\r\n\r\n";
const CHUNKED_POST = "POST / HTTP/1.1\r\nhost: a.test\r\ntransfer-encoding: chunked\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const NINE = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n";
const CHUNKED = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
/** More than all buffers between two processes hold. */
const BIG_BYTES = 32 << 20;
const SHORT_MS = 100;

type Upstream = (socket: Socket) => void;

const says = (text: string): Upstream => asked((socket) => void socket.write(text, "latin1"));
const saysAndEnds = (text: string): Upstream => asked((socket) => void socket.end(text, "latin1"));
const saysAndResets = (text: string): Upstream =>
  asked((socket) => void socket.write(text, "latin1", () => setImmediate(() => socket.resetAndDestroy())));
const isSilent: Upstream = (socket) => void socket.resume();

function asked(act: (socket: Socket, head: string) => void): Upstream {
  return (socket) => afterHead(socket, (head) => act(socket, head));
}

/** Says `piece` again and again, as long as anybody listens. */
function repeats(first: string, piece: string): Upstream {
  return asked((socket) => {
    socket.write(first);
    const timer = setInterval(() => socket.write(piece), 5);
    socket.on("close", () => clearInterval(timer));
  });
}

function big(socket: Socket): void {
  socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${BIG_BYTES}\r\n\r\n`);
  socket.write(Buffer.alloc(BIG_BYTES));
}

const talks =
  (text: string): ((loopback: Loopback) => Promise<string>) =>
  (loopback) =>
    loopback.talk(text);

/** Sends, waits until `seen` is heard (or the upstream is asked), then is gone without a word. */
function vanishes(sent: string, seen: "asked" | string): (loopback: Loopback) => Promise<string> {
  return async (loopback) => {
    const client = loopback.client();
    client.write(sent);
    if (seen === "asked") while (loopback.upstreamConnections === 0) await turn();
    else await heard(client, seen);
    client.resetAndDestroy();
    return "";
  };
}

async function heard(client: Socket, wanted: string): Promise<void> {
  let text = "";
  while (!text.includes(wanted)) {
    const [chunk] = (await once(client, "data")) as [Buffer];
    text += chunk.toString("latin1");
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

const fine = { status: 200, flags: [] };

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

/** What a client may do wrong. */
export const CLIENT_FAULTS: readonly FaultScene[] = [
  {
    name: "vanishes inside its head",
    client: async (loopback) => {
      const client = loopback.client();
      client.write("GET / HTTP/1.1\r\nho");
      while (loopback.server.connections === 0) await turn();
      await turn();
      client.resetAndDestroy();
      return "";
    },
    heard: /^$/,
    streams: [],
  },
  {
    name: "vanishes inside its body",
    upstream: isSilent,
    client: vanishes(`${POST}abc`, "asked"),
    heard: /^$/,
    streams: [{ status: 0, flags: ["DC"] }],
  },
  {
    name: "closes its half inside its body",
    upstream: isSilent,
    client: async (loopback) => {
      const client = loopback.client();
      client.end(`${POST}abc`);
      return readAll(client);
    },
    heard: /^$/,
    streams: [{ status: 0, flags: ["DC"] }],
  },
  {
    name: "vanishes before the answer",
    upstream: isSilent,
    client: vanishes(GET, "asked"),
    heard: /^$/,
    streams: [{ status: 0, flags: ["DC"] }],
  },
  {
    name: "vanishes inside the answer",
    upstream: says(`${NINE}abc`),
    client: vanishes(GET, "abc"),
    heard: /^$/,
    streams: [{ status: 200, flags: ["DC"] }],
  },
  {
    name: "vanishes inside an answer that it does not read",
    upstream: asked(big),
    client: async (loopback) => {
      const client = loopback.client();
      client.pause();
      client.write(GET);
      while (loopback.account.held < STAGE_BYTES) await turn();
      client.resetAndDestroy();
      return "";
    },
    heard: /^$/,
    streams: [{ status: 200, flags: ["DC"] }],
  },
  {
    name: "vanishes behind a row of requests",
    upstream: says(OK),
    client: async (loopback) => {
      const client = loopback.client();
      client.write(GET.repeat(3) + "GET /no-route HTTP/1.1\r\nhost: a.test\r\n\r\n".repeat(40) + POST);
      await heard(client, "404");
      client.resetAndDestroy();
      return "";
    },
    heard: /^$/,
    streams: [],
  },
  {
    name: "closes its half behind its request",
    client: async (loopback) => {
      const client = loopback.client();
      client.end(GET);
      return readAll(client);
    },
    heard: /^HTTP\/1\.1 200 /,
    streams: [fine],
  },
  {
    name: "never reads its answer",
    options: { streamIdleTimeoutMs: SHORT_MS },
    upstream: asked(big),
    client: async (loopback) => {
      const client = loopback.client();
      client.pause();
      client.write(GET);
      await loopback.ended(1);
      client.destroy();
      return "";
    },
    heard: /^$/,
    streams: [{ status: 200, flags: ["SI"] }],
  },
  {
    name: "trickles its head",
    options: { headTimeoutMs: SHORT_MS },
    client: async (loopback) => {
      const client = loopback.client();
      const said = readAll(client);
      client.write("GET / HTTP/1.1\r\n");
      const timer = setInterval(() => client.write("x"), 10);
      client.on("close", () => clearInterval(timer));
      return said;
    },
    heard: /^HTTP\/1\.1 408 /,
    streams: [{ status: 408, flags: ["DPE"] }],
  },
  {
    name: "stops inside its body",
    options: { streamIdleTimeoutMs: SHORT_MS },
    upstream: isSilent,
    client: async (loopback) => {
      const client = loopback.client();
      const said = readAll(client);
      client.write(`${POST}abc`);
      return said;
    },
    heard: /^HTTP\/1\.1 408 /,
    streams: [{ status: 408, flags: ["SI"] }],
  },
  {
    name: "breaks its chunks",
    upstream: isSilent,
    client: talks(`${CHUNKED_POST}3\r\nabcX`),
    heard: /^HTTP\/1\.1 400 /,
    streams: [{ status: 400, flags: ["DPE"] }],
  },
  {
    name: "breaks its chunks behind the answer's begin",
    upstream: says(`${NINE}abc`),
    client: async (loopback) => {
      const client = loopback.client();
      client.write(`${CHUNKED_POST}3\r\nabc\r\n`);
      await heard(client, "abc");
      const rest = readAll(client);
      client.write("X");
      return rest;
    },
    heard: /^$/,
    streams: [{ status: 200, flags: ["DPE"] }],
  },
  {
    name: "says more than its request",
    client: talks(`${GET}\0\0\0`),
    heard: /^HTTP\/1\.1 200 [^]*HTTP\/1\.1 400 /,
    streams: [fine, { status: 400, flags: ["DPE"] }],
  },
  {
    name: "speaks another protocol",
    client: talks("\u0016\u0003\u0001\0\u00ff\r\n\r\n"),
    heard: /^HTTP\/1\.1 400 /,
    streams: [{ status: 400, flags: ["DPE"] }],
  },
  {
    name: "sends its request byte by byte",
    client: async (loopback) => {
      const client = loopback.client();
      const said = readAll(client);
      await writeSingly(client, LAST_GET);
      return said;
    },
    heard: /^HTTP\/1\.1 200 /,
    streams: [fine],
  },
];
