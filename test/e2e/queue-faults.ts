// Scenes of requests that wait: for the only connection that their cluster may have, or for their next try.

import { readAll, type Loopback } from "../../proxy/exchange/loopback.ts";
import { asked, fine, heard, OK, SHORT_MS, turn, type FaultScene } from "./fault-scenes.ts";

const HELD = "GET /hold HTTP/1.1\r\nhost: a.test\r\n\r\n";
const ask = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n`;
const ONE_CONNECTION = {
  routing: (upstream: string): string => `
clusters: [{ name: one, endpoints: ["${upstream}"], connectionsMax: 1, pendingMax: 1, pendingTimeout: ${SHORT_MS}ms }]
routes: [{ name: all, cluster: one, timeout: 5s }]
`,
};
const PATIENT = { routing: (upstream: string): string => ONE_CONNECTION.routing(upstream).replace("100ms", "10s") };
const RETRYING = {
  routing: (upstream: string): string => `
clusters: [{ name: one, endpoints: ["${upstream}"] }]
routes: [{ name: all, cluster: one, retry: { on: [reset, 5xx, timeout], attempts: 3, perTryTimeout: ${SHORT_MS}ms } }]
`,
};

/** Answers all but `/hold`, whose connection stays as it is until `/hold`'s client leaves. */
const holds = asked((socket, head) => void (head.startsWith("GET /hold") || socket.write(OK)));

/** Asks for what is held, and once that is under way does the rest beside it. */
async function besideHeld<T>(loopback: Loopback, act: (leave: () => void) => Promise<T>): Promise<T> {
  const held = loopback.client();
  held.write(HELD);
  while (loopback.upstreamConnections === 0) await turn();
  const result = await act(() => held.resetAndDestroy());
  held.resetAndDestroy();
  return result;
}

/** Streams that are open in the proxy. */
async function untilStreams(loopback: Loopback, count: number): Promise<void> {
  while (loopback.server.streams < count) await turn();
}

export const QUEUE_FAULTS: readonly FaultScene[] = [
  {
    name: "whose client vanishes meanwhile",
    options: PATIENT,
    upstream: holds,
    client: (loopback) =>
      besideHeld(loopback, async (leave) => {
        const waiting = loopback.client();
        // Its whole content is here: from a client that is still to send nobody reads now, so it is not seen to go.
        waiting.write(`POST /waits HTTP/1.1\r\nhost: a.test\r\ncontent-length: 5000\r\n\r\n${"x".repeat(5_000)}`);
        await untilStreams(loopback, 2);
        waiting.resetAndDestroy();
        await loopback.ended(1);
        leave();
        await loopback.ended(2);
        return loopback.talk(ask("/next"));
      }),
    heard: /^HTTP\/1\.1 200 /,
    streams: [{ status: 0, flags: ["DC"] }, { status: 0, flags: ["DC"] }, fine],
  },
  {
    name: "is served when the connection is free",
    options: PATIENT,
    upstream: holds,
    client: (loopback) =>
      besideHeld(loopback, async (leave) => {
        const waiting = loopback.talk(ask("/waits"));
        await untilStreams(loopback, 2);
        leave();
        return waiting;
      }),
    heard: /^HTTP\/1\.1 200 /,
    streams: [{ status: 0, flags: ["DC"] }, fine],
  },
  {
    name: "for longer than it may",
    options: ONE_CONNECTION,
    upstream: holds,
    client: (loopback) => besideHeld(loopback, () => loopback.talk(ask("/waits"))),
    heard: /^HTTP\/1\.1 503 /,
    streams: [
      { status: 503, flags: ["UO"] },
      { status: 0, flags: ["DC"] },
    ],
  },
  {
    name: "behind as many as may wait",
    options: PATIENT,
    upstream: holds,
    client: (loopback) =>
      besideHeld(loopback, async (leave) => {
        const waiting = loopback.talk(ask("/waits"));
        await untilStreams(loopback, 2);
        const refused = await loopback.talk(ask("/one-too-many"));
        leave();
        return refused + (await waiting);
      }),
    heard: /^HTTP\/1\.1 503 [^]*HTTP\/1\.1 200 /,
    streams: [{ status: 503, flags: ["UO"] }, { status: 0, flags: ["DC"] }, fine],
  },
  {
    name: "while the only connection breaks",
    options: PATIENT,
    upstream: holds,
    client: (loopback) =>
      besideHeld(loopback, async () => {
        const waiting = loopback.talk(ask("/waits"));
        await untilStreams(loopback, 2);
        loopback.upstreamSockets[0]!.resetAndDestroy();
        return waiting;
      }),
    heard: /^HTTP\/1\.1 200 /,
    streams: [{ status: 502, flags: ["UC"] }, fine],
  },
  {
    name: "for its next try while its client vanishes",
    options: RETRYING,
    upstream: asked((socket) => socket.destroy()),
    client: async (loopback) => {
      const client = loopback.client();
      client.write(HELD);
      while (loopback.upstreamSockets.length === 0 || !loopback.upstreamSockets[0]!.destroyed) await turn();
      client.resetAndDestroy();
      return "";
    },
    heard: /^$/,
    streams: [{ status: 0, flags: ["DC"] }],
  },
  {
    name: "for its next try, all of which fail",
    options: RETRYING,
    upstream: asked((socket) => socket.destroy()),
    client: (loopback) => loopback.talk(ask("/")),
    heard: /^HTTP\/1\.1 502 /,
    streams: [{ status: 502, flags: ["URX", "UC"] }],
  },
  {
    name: "for a try that is never answered",
    options: RETRYING,
    upstream: asked(() => {}),
    client: (loopback) => loopback.talk(ask("/")),
    heard: /^HTTP\/1\.1 504 /,
    streams: [{ status: 504, flags: ["URX", "UT"] }],
  },
  {
    name: "for its next try with an answer of 5xx half read",
    options: RETRYING,
    upstream: asked((socket, head) => {
      const isFirst = head.includes("/first") && socket.bytesWritten === 0;
      socket.write(isFirst ? "HTTP/1.1 500 Oh\r\ncontent-length: 9\r\n\r\nabc" : OK);
    }),
    client: async (loopback) => {
      const client = loopback.client();
      client.write("GET /hold HTTP/1.1\r\nhost: a.test\r\n\r\n");
      await heard(client, "ok");
      const rest = readAll(client);
      client.write(ask("/last"));
      return rest;
    },
    heard: /^HTTP\/1\.1 200 /,
    streams: [fine, fine],
  },
];
