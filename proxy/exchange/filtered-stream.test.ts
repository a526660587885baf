// Exchanges whose route has a filter: small guests between a raw client and a scripted upstream.

import { once } from "node:events";
import type { Socket } from "node:net";
import { Chain, MemoryServices, Plugin, prepareModule } from "@sluice/abi";
import { bodyBytesHeld } from "@sluice/abi/data-path";
import { afterEach, describe, expect, it } from "vitest";
import wabtLoader from "wabt";
import { afterHead, Loopback, readAll, type LoopbackOptions } from "./loopback.ts";

const wabt = await wabtLoader();
const LAST = "host: a.test\r\nconnection: close\r\n";
const CONTINUE = "(i32.const 0)";
const PAUSE = "(i32.const 1)";

/** A guest of callbacks in WebAssembly text; strings stand at 1024 and every 64 bytes behind. */
function guest(strings: readonly string[], callbacks: string): Uint8Array {
  const data = strings.map((text, i) => `(data (i32.const ${1024 + i * 64}) ${JSON.stringify(text)})`).join("\n");
  const parsed = wabt.parseWat(
    "guest.wat",
    `(module
      (import "env" "proxy_add_header_map_value" (func $add (param i32 i32 i32 i32 i32) (result i32)))
      (import "env" "proxy_replace_header_map_value" (func $replace (param i32 i32 i32 i32 i32) (result i32)))
      (import "env" "proxy_set_buffer_bytes" (func $set_body (param i32 i32 i32 i32 i32) (result i32)))
      (import "env" "proxy_send_local_response" (func $reply (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
      (import "env" "proxy_set_tick_period_milliseconds" (func $tick (param i32) (result i32)))
      (import "env" "proxy_set_effective_context" (func $effective (param i32) (result i32)))
      (import "env" "proxy_continue_stream" (func $continue (param i32) (result i32)))
      (memory (export "memory") 1)
      (global $stream (mut i32) (i32.const 0))
      ${data}
      (func (export "proxy_abi_version_0_2_1"))
      (func (export "proxy_on_memory_allocate") (param i32) (result i32) (i32.const 8192))
      (func (export "proxy_on_context_create") (param i32 i32)
        (if (local.get 1) (then (global.set $stream (local.get 0)))))
      ${callbacks})`,
  );
  try {
    return Uint8Array.from(parsed.toBinary({}).buffer);
  } finally {
    parsed.destroy();
  }
}

const at = (place: number): string => `(i32.const ${1024 + place * 64})`;
const size = (text: string): string => `(i32.const ${text.length})`;
const onRequestHeaders = (body: string): string =>
  `(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) ${body})`;
const onResponseHeaders = (body: string): string =>
  `(func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32) ${body})`;
const onRequestBody = (body: string): string =>
  `(func (export "proxy_on_request_body") (param i32 i32 i32) (result i32) ${body})`;
const onResponseBody = (body: string): string =>
  `(func (export "proxy_on_response_body") (param i32 i32 i32) (result i32) ${body})`;
const untilTheEnd = (then: string): string =>
  `(if (result i32) (local.get 2) (then ${then} ${CONTINUE}) (else ${PAUSE}))`;

let loopback: Loopback;
let services: MemoryServices;
async function start(module: Uint8Array | null, options: LoopbackOptions = {}): Promise<Loopback> {
  services = new MemoryServices();
  const revision = { filter: "f", version: "sha256:v", revision: "sha256:r", notLoaded: null, requiresCheck: false };
  const plugin = module === null ? null : startPlugin(module);
  const slot = { name: "f", index: 0, split: null, failOpen: 0, dryRun: false, bodyWhilePaused: false };
  const chain = new Chain([{ ...slot, revisions: [{ ...revision, plugin }] }]);
  return (loopback = await Loopback.start({ chain, ...options }));
}

function startPlugin(module: Uint8Array): Plugin {
  const none = new Uint8Array(0);
  const plugin = new Plugin(
    prepareModule(module),
    {
      slot: "f",
      filter: "f",
      version: "sha256:v",
      revision: "sha256:r",
      pluginName: "f",
      rootId: "",
      vmId: "f",
      pluginConfig: none,
      vmConfig: none,
      environment: {},
      capabilities: ["headers", "body", "properties", "log", "metrics", "stream", "clock", "timer", "policy"],
      limits: { memoryBytes: 1 << 20, fuel: 100_000, depth: 64 },
      isolation: "shared",
      requiresCheck: false,
      bodyCallbacks: "all",
    },
    services,
  );
  plugin.start();
  return plugin;
}

afterEach(async () => {
  await loopback.stop();
  const left = (): number[] => [loopback.server.streams, loopback.pins, loopback.account.held, bodyBytesHeld()];
  await expect.poll(left).toEqual([0, 0, 0, 0]);
});

/** An upstream that says back what came as body, as chunks. */
function echoBody(socket: Socket): void {
  afterHead(socket, (head) => {
    socket.write("HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n");
    const body = head.slice(head.indexOf("\r\n\r\n") + 4);
    socket.write(body, "latin1");
    if (body.endsWith("0\r\n\r\n")) return;
    socket.removeAllListeners("data");
    socket.pipe(socket);
  });
}

describe("Exchange with a filter", () => {
  it("sends what the filter adds to the request and to the response", async () => {
    const add = (map: number): string =>
      `(drop (call $add (i32.const ${map}) ${at(0)} ${size("x-seen")} ${at(1)} ${size("yes")}))`;
    await start(guest(["x-seen", "yes"], onRequestHeaders(add(0) + CONTINUE) + onResponseHeaders(add(2) + CONTINUE)));
    const said = await loopback.talk(`GET /x HTTP/1.1\r\n${LAST}\r\n`);
    expect(loopback.upstreamHeads[0]).toMatch(
      /^GET \/x HTTP\/1\.1\r\nhost: a\.test\r\n[^]*x-request-id: \S+\r\nx-seen: yes\r\n/,
    );
    expect(said.slice(0, said.indexOf("\r\n\r\n"))).toContain("\r\nx-seen: yes");
    expect(loopback.seen[0]).toMatchObject({ status: 200, flags: [] });
  });

  it("answers with the filter's own reply, and the next pipelined request too", async () => {
    const reply = `(drop (call $reply (i32.const 403) (i32.const 0) (i32.const 0) ${at(0)} ${size("no way")} (i32.const 0) (i32.const 0) (i32.const -1)))`;
    await start(guest(["no way"], onRequestHeaders(reply + PAUSE)));
    const said = await loopback.talk(`GET /1 HTTP/1.1\r\nhost: a.test\r\n\r\nGET /2 HTTP/1.1\r\n${LAST}\r\n`);
    expect(said.match(/HTTP\/1\.1 403 Forbidden\r\n[^]*?\r\n\r\nno way/g)).toHaveLength(2);
    expect(loopback.upstreamConnections).toBe(0);
    expect(loopback.seen.map(({ path, status }) => [path, status])).toEqual([
      ["/1", 403],
      ["/2", 403],
    ]);
  });

  it("routes and normalises again what the filter changed", async () => {
    const toPath = (text: string): Uint8Array =>
      guest(
        [":path", text],
        onRequestHeaders(
          `(drop (call $replace (i32.const 0) ${at(0)} ${size(":path")} ${at(1)} ${size(text)})) ${CONTINUE}`,
        ),
      );
    await start(toPath("/a/../b"));
    await loopback.talk(`GET /x HTTP/1.1\r\n${LAST}\r\n`);
    expect(loopback.upstreamHeads[0]).toMatch(/^GET \/b HTTP/);
    await loopback.stop();
    await start(toPath("/no-route"));
    expect(await loopback.talk(`GET /x HTTP/1.1\r\n${LAST}\r\n`)).toMatch(/^HTTP\/1\.1 404 /);
    await loopback.stop();
    await start(toPath("/a%2fb"));
    expect(await loopback.talk(`GET /x HTTP/1.1\r\n${LAST}\r\n`)).toMatch(/^HTTP\/1\.1 400 /);
    expect(loopback.upstreamConnections).toBe(0);
  });

  it("gives the filter whole bodies and sends what it made of them", async () => {
    const replaceBody = (buffer: number): string =>
      untilTheEnd(
        `(drop (call $set_body (i32.const ${buffer}) (i32.const 0) (i32.const 1000000) ${at(buffer)} ${size("changed")}))`,
      );
    await start(guest(["changed", "CHANGED"], onRequestBody(replaceBody(0)) + onResponseBody(replaceBody(1))), {
      upstream: echoBody,
    });
    const chunks = "5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n";
    for (const pieces of ["whole", "bytes"] as const) {
      const said = await loopback.talk(
        `POST /x HTTP/1.1\r\n${LAST}transfer-encoding: chunked\r\n\r\n${chunks}`,
        pieces,
      );
      expect(said).toMatch(/\r\n\r\n7\r\nCHANGED\r\n0\r\n\r\n$/);
    }
    expect(loopback.seen.map(({ flags }) => flags)).toEqual([[], []]);
  });

  it("holds a request that the filter paused until it goes on from its tick", async () => {
    const goOn = `(drop (call $effective (global.get $stream))) (drop (call $continue (i32.const 0)))`;
    await start(
      guest(
        [],
        `(func (export "proxy_on_configure") (param i32 i32) (result i32) (drop (call $tick (i32.const 10))) (i32.const 1))
         (func (export "proxy_on_tick") (param i32) (if (global.get $stream) (then ${goOn})))` +
          onRequestHeaders(PAUSE),
      ),
    );
    const client = loopback.client();
    const said = readAll(client);
    client.write(`GET /x HTTP/1.1\r\n${LAST}\r\n`);
    await expect.poll(() => loopback.server.streams).toBe(1);
    expect(loopback.upstreamHeads).toEqual([]);
    services.clock.advance(10);
    expect(await said).toMatch(/^HTTP\/1\.1 200 OK/);
  });

  it("tells a paused filter's stream that its client left", async () => {
    await start(guest([], onRequestHeaders(PAUSE)));
    const client = loopback.client();
    client.write("GET /x HTTP/1.1\r\nhost: a.test\r\n\r\n");
    await expect.poll(() => loopback.server.streams).toBe(1);
    client.resetAndDestroy();
    await loopback.ended(1);
    expect(loopback.seen[0]!.flags).toEqual(["DC"]);
  });

  it("gives back what it held of a body whose client vanishes", async () => {
    await start(guest([], onRequestBody(PAUSE)));
    const client = loopback.client();
    client.write("POST /x HTTP/1.1\r\nhost: a.test\r\ncontent-length: 100000\r\n\r\n");
    client.write(Buffer.alloc(50_000));
    await expect.poll(bodyBytesHeld).toBeGreaterThanOrEqual(50_000);
    client.resetAndDestroy();
    await loopback.ended(1);
    expect(bodyBytesHeld()).toBe(0);
  });

  it("answers 504 with SI when nothing ever comes from a paused filter", async () => {
    await start(guest([], onRequestHeaders(PAUSE)), { streamIdleTimeoutMs: 100 });
    expect(await loopback.talk(`GET /x HTTP/1.1\r\n${LAST}\r\n`)).toMatch(/^HTTP\/1\.1 504 /);
    expect(loopback.seen[0]!.flags).toEqual(["SI"]);
  });

  it("answers 503 with FI for a filter that traps, and serves the next request", async () => {
    await start(guest([], onRequestHeaders("unreachable")));
    const said = await loopback.talk(`GET /1 HTTP/1.1\r\nhost: a.test\r\n\r\nGET /2 HTTP/1.1\r\n${LAST}\r\n`);
    expect(said.match(/HTTP\/1\.1 503 /g)).toHaveLength(2);
    expect(loopback.seen.map(({ flags }) => flags)).toEqual([["FI"], ["FI"]]);
  });

  it("cuts a response that a trap breaks after its head was sent", async () => {
    await start(guest([], onResponseBody("unreachable")), {
      upstream: (socket) =>
        afterHead(socket, () => void socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n")),
    });
    const said = await loopback.talk(`GET /1 HTTP/1.1\r\n${LAST}\r\n`);
    expect(said).not.toContain("0\r\n\r\n");
    expect(loopback.seen[0]!.status).toBe(200);
    expect(loopback.seen[0]!.flags).toHaveLength(1);
  });

  describe("that edits what frames a message", () => {
    const set = (call: string, map: number): string =>
      `(drop (call ${call} (i32.const ${map}) ${at(0)} (i32.const 14) ${at(1)} (i32.const 2)))`;
    const lengths = ["content-length", "12"];
    const toHead = `(drop (call $replace (i32.const 0) ${at(0)} ${size(":method")} ${at(1)} ${size("HEAD")}))`;
    const two = `GET /1 HTTP/1.1\r\nhost: a.test\r\n\r\nGET /2 HTTP/1.1\r\n${LAST}\r\n`;
    const answers =
      (answer: string) =>
      (socket: Socket): void => {
        socket.on("data", () => void socket.write(answer));
      };

    it("promises no body where a method became HEAD", async () => {
      await start(guest([":method", "HEAD"], onRequestHeaders(toHead + CONTINUE)), {
        upstream: answers("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"),
      });
      const said = await loopback.talk(two);
      expect(said.match(/HTTP\/1\.1 200 OK\r\n[^]*?\r\n\r\n/g)).toHaveLength(2);
      expect(said.match(/content-length: \d+/g)).toEqual(["content-length: 0", "content-length: 0"]);
    });

    it("promises no body for its own reply where a method became HEAD", async () => {
      const reply = `(drop (call $reply (i32.const 403) (i32.const 0) (i32.const 0) ${at(1)} (i32.const 4) (i32.const 0) (i32.const 0) (i32.const -1)))`;
      await start(guest([":method", "HEAD"], onRequestHeaders(toHead + reply + PAUSE)));
      const said = await loopback.talk(two);
      expect(said.match(/HTTP\/1\.1 403 Forbidden/g)).toHaveLength(2);
      expect(said.match(/content-length: \d+/g)).toEqual(["content-length: 0", "content-length: 0"]);
    });

    it("promises no body where a length was added to an empty response", async () => {
      await start(guest(lengths, onResponseHeaders(set("$replace", 2) + CONTINUE)), {
        upstream: answers("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"),
      });
      expect((await loopback.talk(two)).match(/content-length: \d+/g)).toEqual([
        "content-length: 0",
        "content-length: 0",
      ]);
    });

    it("cuts a response that got a second length", async () => {
      await start(guest(lengths, onResponseHeaders(set("$add", 2) + CONTINUE)), {
        upstream: answers("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"),
      });
      expect(await loopback.talk(two)).toBe("");
      expect(loopback.seen[0]!.flags).toEqual(["LR"]);
    });

    it("answers 500 for a request that got a second length", async () => {
      await start(guest(lengths, onRequestHeaders(set("$add", 0) + CONTINUE)));
      const said = await loopback.talk(`POST /1 HTTP/1.1\r\n${LAST}content-length: 5\r\n\r\nhello`);
      expect(said).toMatch(/^HTTP\/1\.1 500 /);
      expect(loopback.upstreamHeads).toEqual([]);
    });
  });

  it("answers 503 for a slot that could not be loaded", async () => {
    await start(null);
    expect(await loopback.talk(`GET /1 HTTP/1.1\r\n${LAST}\r\n`)).toMatch(/^HTTP\/1\.1 503 /);
  });

  it("refuses what the upstream breaks, through the filter", async () => {
    await start(guest([], onResponseHeaders(CONTINUE)), {
      upstream: (socket) => afterHead(socket, () => void socket.end("garbage\r\n\r\n")),
    });
    expect(await loopback.talk(`GET /1 HTTP/1.1\r\n${LAST}\r\n`)).toMatch(/^HTTP\/1\.1 502 /);
    expect(loopback.seen[0]!.flags).toEqual(["UPE"]);
  });

  describe("on a route that does more", () => {
    const get = (path: string): string => `GET ${path} HTTP/1.1\r\n${LAST}\r\n`;
    const add = (map: number): string =>
      `(drop (call $add (i32.const ${map}) ${at(0)} ${size("x-seen")} ${at(1)} ${size("yes")}))`;
    const marks = guest(["x-seen", "yes"], onRequestHeaders(add(0) + CONTINUE) + onResponseHeaders(add(2) + CONTINUE));
    const denies = guest(
      ["no way"],
      onRequestHeaders(
        `(drop (call $reply (i32.const 403) (i32.const 0) (i32.const 0) ${at(0)} ${size("no way")} (i32.const 0) (i32.const 0) (i32.const -1))) ${PAUSE}`,
      ),
    );
    const on = (route: string) => ({
      routing: (upstream: string) =>
        `clusters: [{ name: a, endpoints: [${upstream}] }]\nroutes: [{ name: r, match: { path: { prefix: /old } }, ${route} }]\n`,
    });

    it("asks before it redirects, and shows the redirect to the filter", async () => {
      await start(marks, on("redirect: { prefix: /new }, responseHeaders: { set: { x-route: r } }"));
      const said = await loopback.talk(get("/old/x?y"));
      expect(said).toMatch(/^HTTP\/1\.1 301 [^]*location: \/new\/x\?y\r\n[^]*x-route: r\r\n[^]*x-seen: yes\r\n/);
      expect(loopback.seen[0]).toMatchObject({ status: 301, flags: [], path: "/old/x?y" });
      await loopback.stop();
      await start(denies, on("redirect: { prefix: /new }"));
      expect(await loopback.talk(get("/old"))).toMatch(/^HTTP\/1\.1 403 [^]*no way$/);
      expect(loopback.seen[0]!.flags).toEqual(["UAEX"]);
    });

    it("shows a direct response to the filter, body and all", async () => {
      await start(marks, on("direct: { status: 200, body: hello }"));
      const said = await loopback.talk(`POST /old HTTP/1.1\r\n${LAST}content-length: 3\r\n\r\nabc`);
      expect(said).toMatch(/^HTTP\/1\.1 200 OK\r\ncontent-type: text\/plain\r\n[^]*x-seen: yes\r\n[^]*\r\n\r\nhello$/);
      expect(loopback.upstreamConnections).toBe(0);
    });

    it("rewrites what the filter saw as the client sent it", async () => {
      await start(marks, on("cluster: a, rewrite: { prefix: /new }, requestHeaders: { add: { x-seen: route } }"));
      await loopback.talk(get("/old/x"));
      expect(loopback.upstreamHeads[0]).toMatch(/^GET \/new\/x HTTP\/1\.1\r\n[^]*x-seen: yes\r\nx-seen: route\r\n/);
      expect(loopback.seen[0]!.path).toBe("/old/x");
    });

    it("runs the filter once, on the final response, however often a request is sent", async () => {
      const heads: string[] = [];
      await start(marks, {
        ...on("cluster: a, retry: { attempts: 2, on: [503, reset] }"),
        upstream: (socket) =>
          afterHead(socket, (head) => {
            heads.push(head);
            if (heads.length === 1) socket.write("HTTP/1.1 503 Busy\r\ncontent-length: 4\r\n\r\nbusy");
            else if (heads.length === 2) socket.destroy();
            else socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
          }),
      });
      const said = await loopback.talk(get("/old"));
      expect(said.match(/x-seen: yes/g)).toHaveLength(1);
      expect(said).toMatch(/^HTTP\/1\.1 200 /);
      expect(heads.map((head) => head.match(/x-seen: yes/g)!.length)).toEqual([1, 1, 1]);
      expect(new Set(heads).size).toBe(1);
    });

    it("sends again what the filter made of the content", async () => {
      const got: string[] = [];
      const module = guest(
        ["changed"],
        onRequestBody(
          untilTheEnd(
            `(drop (call $set_body (i32.const 0) (i32.const 0) (i32.const 1000000) ${at(0)} ${size("changed")}))`,
          ),
        ),
      );
      await start(module, {
        ...on("cluster: a, retry: { attempts: 1, on: [503] }"),
        upstream: (socket) => {
          let text = "";
          socket.on("data", (chunk: Buffer) => {
            text += chunk.toString("latin1");
            if (!text.endsWith("0\r\n\r\n")) return;
            got.push(text.slice(text.indexOf("\r\n\r\n") + 4));
            text = "";
            socket.write(`HTTP/1.1 ${got.length === 1 ? "503 Busy" : "200 OK"}\r\ncontent-length: 0\r\n\r\n`);
          });
        },
      });
      expect(await loopback.talk(`PUT /old HTTP/1.1\r\n${LAST}content-length: 3\r\n\r\nabc`)).toMatch(
        /^HTTP\/1\.1 200 /,
      );
      expect(got).toEqual(["7\r\nchanged\r\n0\r\n\r\n", "7\r\nchanged\r\n0\r\n\r\n"]);
    });
  });

  const add = (map: number, name: number, value: number, strings: readonly string[]): string =>
    `(drop (call $add (i32.const ${map}) ${at(name)} ${size(strings[name]!)} ${at(value)} ${size(strings[value]!)}))`;
  const UPGRADE = "GET /x HTTP/1.1\r\nhost: a.test\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
  const tunnelled: LoopbackOptions = {
    routing: (upstream) =>
      `clusters: [{ name: a, endpoints: [${upstream}] }]\nroutes: [{ name: r, cluster: a, upgrade: [websocket] }]\n`,
    upstream: (socket) =>
      afterHead(socket, (head) => {
        loopback.upstreamHeads.push(head);
        socket.removeAllListeners("data");
        socket.write("HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n");
        socket.pipe(socket);
      }),
  };

  it("shows it a tunnel's heads, and none of its bytes", async () => {
    const strings = ["x-seen", "yes"];
    await start(
      guest(
        strings,
        onRequestHeaders(add(0, 0, 1, strings) + CONTINUE) +
          onResponseHeaders(add(2, 0, 1, strings) + CONTINUE) +
          onRequestBody("(unreachable)") +
          onResponseBody("(unreachable)"),
      ),
      tunnelled,
    );
    const client = loopback.client();
    const said = readAll(client);
    client.end(`${UPGRADE}ping`);
    expect(await said).toMatch(/^HTTP\/1\.1 101 [^]*x-seen: yes\r\n[^]*\r\n\r\nping$/);
    expect(loopback.upstreamHeads[0]).toMatch(/x-seen: yes\r\n[^]*upgrade: websocket\r\n/);
    await loopback.ended(1);
    expect(loopback.seen[0]).toMatchObject({ status: 101, flags: [] });
  });

  it("lets it make another answer of a 101", async () => {
    const replace = `(drop (call $replace (i32.const 2) ${at(0)} ${size(":status")} ${at(1)} ${size("403")}))`;
    await start(guest([":status", "403"], onResponseHeaders(replace + CONTINUE)), tunnelled);
    const client = loopback.client();
    client.write(UPGRADE);
    const [said] = (await once(client, "data")) as [Buffer];
    expect(said.toString("latin1")).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n[^]*content-length: 0\r\n/);
    client.destroy();
    await loopback.ended(1);
    expect(loopback.seen[0]).toMatchObject({ status: 403 });
  });

  it("ends its part in a tunnel at a bound, while the tunnel goes on", async () => {
    const log = '(func (export "proxy_on_log") (param i32))';
    await start(guest([], onRequestHeaders(CONTINUE) + log), tunnelled);
    const client = loopback.client();
    client.write(`${UPGRADE}one`);
    let said = "";
    client.on("data", (chunk: Buffer) => (said += chunk.toString("latin1")));
    await expect.poll(() => said.endsWith("one")).toBe(true);
    expect(loopback.pins).toBe(1);
    const { server } = loopback;
    expect(server.letGoOf(server.snapshot())).toEqual({ detached: 1, cut: 0 });
    expect(loopback.pins).toBe(0);
    expect(server.letGoOf(server.snapshot())).toEqual({ detached: 0, cut: 0 });
    client.end("two");
    await once(client, "end");
    expect(said.endsWith("onetwo")).toBe(true);
    await loopback.ended(1);
    expect(loopback.seen[0]).toMatchObject({ status: 101, flags: [] });
  });
});
