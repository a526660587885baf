// Scenes of clients that fail, each with what they hear, if anything, and what is recorded.

import { STAGE_BYTES } from "../../proxy/codec/limits.ts";
import { readAll, writeSingly } from "../../proxy/exchange/loopback.ts";
import {
  asked,
  big,
  CHUNKED_POST,
  fine,
  GET,
  heard,
  isSilent,
  LAST_GET,
  NINE,
  OK,
  POST,
  says,
  SHORT_MS,
  talks,
  turn,
  vanishes,
  type FaultScene,
} from "./fault-scenes.ts";

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
