import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { headOf } from "@sluice/abi";
import { RawOrigin, answering, isWholeRequest, OK } from "../mirror/mirroring.fixture.ts";
import { CalloutBench, ask, requestHead } from "./callouts.fixture.ts";
import { ANSWER_BYTES_MAX, CALLOUTS_PER_CLUSTER_MAX } from "./limits.ts";

let bench: CalloutBench;
const origins: RawOrigin[] = [];

beforeEach(() => {
  bench = new CalloutBench();
});
afterEach(async () => {
  bench.callouts.close();
  expect(bench.callouts.live).toBe(0);
  for (const one of origins.splice(0)) await one.stop();
  await expect.poll(() => [bench.callouts.heldBytes, bench.account.held]).toEqual([0, 0]);
});

async function origin(script: (socket: Socket, soFar: () => string) => void): Promise<RawOrigin> {
  const made = await RawOrigin.start(script);
  origins.push(made);
  return made;
}

const says = (answer: string): ReturnType<typeof answering> => answering(answer, isWholeRequest);

/** A port where nobody listens any more. */
async function closedPort(): Promise<number> {
  const made = await RawOrigin.start(() => {});
  const { port } = made;
  await made.stop();
  return port;
}

describe("an HTTP callout", () => {
  it("goes to an endpoint of its cluster and tells the answer whole", async () => {
    const auth = await origin(
      says(
        "HTTP/1.1 201 Created\r\nX-Role: admin\r\nset-cookie: a=1\r\nset-cookie: b=2\r\ntransfer-encoding: chunked\r\n\r\n" +
          "3\r\nabc\r\n2\r\nde\r\n0\r\nx-sum: 5\r\n\r\n",
      ),
    );
    const client = bench.client({ auth: [auth.port] });
    expect([client.hasCluster("auth"), client.hasCluster("other")]).toEqual([true, false]);
    expect(await ask(client)).toEqual({
      headers: [
        [":status", "201"],
        ["x-role", "admin"],
        ["set-cookie", "a=1"],
        ["set-cookie", "b=2"],
      ],
      body: "abcde",
      trailers: [["x-sum", "5"]],
    });
    expect(auth.said).toEqual(["GET /check HTTP/1.1\r\nhost: auth.test\r\n\r\n"]);
    expect(bench.counted()).toEqual({ sent: 1, answered: 1 });
  });

  it.each([
    {
      name: "a body, with its length",
      request: { headers: requestHead("POST", [["x-a", "1"]]), body: Buffer.from("hello") },
      said: "POST /check HTTP/1.1\r\nhost: auth.test\r\nx-a: 1\r\ncontent-length: 5\r\n\r\nhello",
    },
    {
      name: "no body where one would mean something",
      request: { headers: requestHead("POST") },
      said: "POST /check HTTP/1.1\r\nhost: auth.test\r\ncontent-length: 0\r\n\r\n",
    },
    {
      name: "trailers behind a body",
      request: { headers: requestHead("PUT"), body: Buffer.from("hi"), trailers: headOf([["x-sum", "7"]]) },
      said: "PUT /check HTTP/1.1\r\nhost: auth.test\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nx-sum: 7\r\n\r\n",
    },
    {
      name: "trailers alone",
      request: { headers: requestHead("PUT"), trailers: headOf([["x-sum", "7"]]) },
      said: "PUT /check HTTP/1.1\r\nhost: auth.test\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx-sum: 7\r\n\r\n",
    },
    {
      name: "its pseudo headers in any order",
      request: {
        headers: headOf([
          [":scheme", "https"],
          [":path", "/x"],
          [":authority", "a.test"],
          [":method", "HEAD"],
        ]),
      },
      said: "HEAD /x HTTP/1.1\r\nhost: a.test\r\n\r\n",
    },
  ])("sends $name", async ({ request, said }) => {
    const auth = await origin(says(OK));
    expect(await ask(bench.client({ auth: [auth.port] }), request)).toMatchObject({
      headers: [
        [":status", "200"],
        ["content-length", "2"],
      ],
    });
    expect(auth.said).toEqual([said]);
  });

  it("takes a connection again, and another endpoint in turn", async () => {
    const all = [await origin(says(OK)), await origin(says(OK))];
    const client = bench.client({ auth: all.map(({ port }) => port) });
    for (let i = 0; i < 6; i++) expect(await ask(client)).toMatchObject({ body: "ok" });
    expect(all.map(({ said }) => [said.length, said[0]!.split("GET").length - 1])).toEqual([
      [1, 3],
      [1, 3],
    ]);
  });

  it("keeps its connections over snapshots", async () => {
    const auth = await origin(says(OK));
    for (let i = 0; i < 3; i++) await ask(bench.client({ auth: [auth.port] }));
    expect([auth.sockets.length, bench.counted()]).toEqual([1, { sent: 3, answered: 3 }]);
  });

  it("that met a closing connection is sent again where that is safe", async () => {
    const auth = await origin((socket, soFar) => {
      says(OK)(socket, soFar);
      socket.on("data", () => soFar().split("HTTP/1.1").length > 2 && socket.destroy());
    });
    const client = bench.client({ auth: [auth.port] });
    await ask(client);
    expect(await ask(client)).toMatchObject({ body: "ok" });
    expect(await ask(client, { headers: requestHead("POST") })).toBe("reset");
    expect(bench.counted()).toEqual({ sent: 3, answered: 2, reset: 1 });
  });

  it("many at once are each answered with their own", async () => {
    const auth = await origin((socket, soFar) => {
      socket.on("data", () => {
        if (!isWholeRequest(soFar())) return;
        const id = /x-id: (\d+)\r\n\r\n$/.exec(soFar())![1]!;
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${id.length}\r\n\r\n${id}`);
      });
    });
    const client = bench.client({ auth: [auth.port] });
    const asked = Array.from({ length: 200 }, (_, id) =>
      ask(client, { headers: requestHead("GET", [["x-id", `${id}`]]) }),
    );
    const bodies = (await Promise.all(asked)).map((one) => (typeof one === "string" ? one : one.body));
    expect(bodies).toEqual(asked.map((_, id) => `${id}`));
  });
});

describe("an HTTP callout fails once", () => {
  const reset = (part: string) => (socket: Socket) =>
    void socket.once("data", () => socket.write(part, () => socket.resetAndDestroy()));

  it.each([
    { name: "reset before the head", script: reset("HTTP/1.1 2"), cause: "reset" },
    {
      name: "reset in the middle of the body",
      script: reset("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"),
      cause: "reset",
    },
    {
      name: "an end in the middle of the body",
      script: (socket: Socket) =>
        void socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf")),
      cause: "reset",
    },
    { name: "garbage", script: reset("\u0000\u0001garbage\r\n\r\n"), cause: "protocol" },
    {
      name: "two lengths",
      script: says("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok!"),
      cause: "protocol",
    },
    { name: "a head without end", script: reset(`HTTP/1.1 200 OK\r\nx-a: ${"a".repeat(200_000)}`), cause: "protocol" },
    {
      name: "a body over its bound",
      script: says(
        `HTTP/1.1 200 OK\r\ncontent-length: ${ANSWER_BYTES_MAX + 1}\r\n\r\n${"x".repeat(ANSWER_BYTES_MAX + 1)}`,
      ),
      cause: "tooLarge",
    },
    {
      name: "a body without end",
      script: (socket: Socket) =>
        void socket.once("data", () => {
          socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
          const more = (): void => void (socket.destroyed || socket.write(`10000\r\n${"x".repeat(65_536)}\r\n`, more));
          more();
        }),
      cause: "tooLarge",
    },
  ])("by $name", async ({ script, cause }) => {
    const auth = await origin(script);
    expect(await ask(bench.client({ auth: [auth.port] }))).toBe(cause);
    expect(bench.counted()).toEqual({ sent: 1, [cause]: 1 });
  });

  it("where nobody listens", async () => {
    expect(await ask(bench.client({ auth: [await closedPort()] }))).toBe("connect");
  });

  it("in a cluster without endpoints", async () => {
    expect(await ask(bench.client({ auth: [] }))).toBe("noEndpoint");
  });

  it("when its time is over, and lets the connection go", async () => {
    const auth = await origin(() => {});
    expect(await ask(bench.client({ auth: [auth.port] }), { timeoutMs: 20 })).toBe("timeout");
    await expect.poll(() => auth.sockets.every((socket) => socket.closed)).toBe(true);
    expect(bench.counted()).toEqual({ sent: 1, timeout: 1 });
  });

  it("when too many are out, and the others go on", async () => {
    const waiting: Socket[] = [];
    const auth = await origin((socket) => void socket.once("data", () => waiting.push(socket)));
    const client = bench.client({ auth: [auth.port] });
    const asked: ReturnType<typeof ask>[] = [];
    // Not all at once: a server's backlog is shorter.
    while (asked.length < CALLOUTS_PER_CLUSTER_MAX) {
      asked.push(...Array.from({ length: CALLOUTS_PER_CLUSTER_MAX / 4 }, () => ask(client)));
      await expect.poll(() => waiting.length).toBe(asked.length);
    }
    for (let i = 0; i < 10; i++) asked.push(ask(client));
    expect(await Promise.all(asked.slice(CALLOUTS_PER_CLUSTER_MAX))).toEqual(
      Array.from({ length: 10 }, () => "overload"),
    );
    for (const socket of waiting) socket.write(OK);
    const answers = await Promise.all(asked.slice(0, CALLOUTS_PER_CLUSTER_MAX));
    expect(answers.every((one) => typeof one !== "string")).toBe(true);
    expect(bench.counted()).toEqual({ sent: asked.length, answered: CALLOUTS_PER_CLUSTER_MAX, overload: 10 });
  });

  it("never while it is asked, also when it fails at once, and lets the event loop turn", async () => {
    const client = bench.client({ auth: [] });
    let asked = 0;
    let isDone = false;
    // A filter that asks again whenever it fails.
    const again = (): void => {
      asked++;
      if (!isDone) void ask(client).then(again);
    };
    again();
    const auth = await origin((socket) => void socket.end("hello"));
    const [said] = (await once(connect(auth.port, "127.0.0.1"), "data")) as [Buffer];
    isDone = true;
    expect([said.toString(), asked > 1]).toEqual(["hello", true]);
  });

  it("when the worker ends, and later ones with it", async () => {
    const auth = await origin(() => {});
    const client = bench.client({ auth: [auth.port] });
    const waiting = ask(client);
    await expect.poll(() => auth.said[0]).toContain("GET");
    bench.callouts.close();
    expect([await waiting, await ask(client)]).toEqual(["shutdown", "shutdown"]);
    await expect.poll(() => auth.sockets.every((socket) => socket.closed)).toBe(true);
  });
});

describe("a cancelled HTTP callout", () => {
  it("is never told of, before, within and after the answer", async () => {
    const auth = await origin(
      (socket) => void socket.once("data", () => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf")),
    );
    const client = bench.client({ auth: [auth.port] });
    let told = 0;
    const early = ask(client);
    early.cancel();
    const late = ask(client);
    for (const one of [early, late]) void one.then(() => told++);
    await expect.poll(() => auth.said.filter((said) => said !== "").length).toBe(1);
    await expect.poll(() => bench.callouts.heldBytes).toBe(4);
    late.cancel();
    late.cancel();
    await expect.poll(() => auth.sockets.every((socket) => socket.closed)).toBe(true);
    expect([told, bench.counted(), bench.callouts.live]).toEqual([0, { sent: 2, cancelled: 2 }, 0]);
  });
});
