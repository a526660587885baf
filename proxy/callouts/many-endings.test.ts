// Hundreds of callouts to servers that end them in every way, while some are cancelled: each is told of once or not at all,
// and what was begun, told and counted agrees.

import type { ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import * as fc from "fast-check";
import { afterEach, expect, it } from "vitest";
import { headOf } from "@sluice/abi";
import type { Callout } from "@sluice/abi";
import { RawOrigin } from "../mirror/mirroring.fixture.ts";
import { CalloutBench, H2Origin, answerWith, frame, requestHead } from "./callouts.fixture.ts";

const CALLOUTS = 150;
const TIMEOUT_MS = 100;

const HTTP_ENDS: readonly ((socket: Socket) => void)[] = [
  (socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"),
  (socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok"),
  (socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"),
  (socket) => socket.resetAndDestroy(),
  (socket) => socket.write("garbage\r\n\r\n"),
  (socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok and more than was promised"),
  () => {},
];

const GRPC_ENDS: readonly ((stream: ServerHttp2Stream) => void)[] = [
  (stream) => answerWith(stream, ["yes"]),
  (stream) => answerWith(stream, [], { "grpc-status": "7" }),
  (stream) => stream.respond({ ":status": 503 }, { endStream: true }),
  (stream) => stream.close(2),
  (stream) => stream.close(7),
  (stream) => answerWith(stream, [frame("x", 1)]),
  () => {},
  // Rarer: they end the streams of others too.
  (stream) => stream.session!.goaway(0, stream.id),
  (stream) => stream.session!.destroy(),
];
const ofOneStream = fc.nat(GRPC_ENDS.length - 3);
const ofManyStreams = fc.integer({ min: GRPC_ENDS.length - 2, max: GRPC_ENDS.length - 1 });

/** By callout: which end it meets, and after how many turns of the event loop it is cancelled, 0 never. */
const plan = (end: fc.Arbitrary<number>): fc.Arbitrary<{ end: number; cancelAfter: number }[]> =>
  fc.array(fc.record({ end, cancelAfter: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 40 })) }), {
    minLength: CALLOUTS,
    maxLength: CALLOUTS,
  });

const closings: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closings.splice(0)) await close();
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function cancelSome(callouts: readonly Callout[], plans: readonly { cancelAfter: number }[]): Promise<void> {
  for (let at = 1; at <= 40; at++) {
    await turn();
    plans.forEach(({ cancelAfter }, place) => cancelAfter === at && callouts[place]!.cancel());
  }
}

async function expectAllOver(bench: CalloutBench, told: readonly number[]): Promise<void> {
  await expect.poll(() => bench.callouts.live, { timeout: 10_000 }).toBe(0);
  const { sent, cancelled = 0, ...rest } = bench.counted();
  const ended = Object.values(rest).reduce((sum, count) => sum + count, 0);
  expect([sent, ended + cancelled]).toEqual([CALLOUTS, CALLOUTS]);
  expect(told.every((times) => times <= 1)).toBe(true);
  expect(told.reduce((sum, times) => sum + times, 0)).toBe(ended);
  bench.callouts.close();
  await expect.poll(() => [bench.callouts.heldBytes, bench.callouts.sessionsLive]).toEqual([0, 0]);
}

it("HTTP callouts that end in every way, some cancelled, are each over once", async () => {
  const ends = new Map<string, number>();
  const origin = await RawOrigin.start((socket, soFar) => {
    socket.on("data", () => {
      const path = /.*GET (\S+) [^]*\r\n\r\n$/.exec(soFar())?.[1];
      if (path !== undefined) HTTP_ENDS[ends.get(path)!]!(socket);
    });
  });
  closings.push(() => origin.stop());
  await fc.assert(
    fc.asyncProperty(plan(fc.nat(HTTP_ENDS.length - 1)), async (plans) => {
      const bench = new CalloutBench();
      const client = bench.client({ auth: [origin.port] });
      const told = plans.map(() => 0);
      const callouts = plans.map(({ end }, at) => {
        ends.set(`/${at}`, end);
        const headers = requestHead();
        headers.set(":path", `/${at}`);
        const note = (): void => void told[at]!++;
        const request = { cluster: "auth", headers, body: new Uint8Array(0), trailers: null, timeoutMs: TIMEOUT_MS };
        return client.http(request, { answered: note, failed: note });
      });
      await cancelSome(callouts, plans);
      await expectAllOver(bench, told);
    }),
    { numRuns: 4 },
  );
});

it("gRPC calls that end in every way, some cancelled, are each over once", async () => {
  const origin = await H2Origin.start((stream, headers) => GRPC_ENDS[Number(headers["x-end"])]!(stream));
  closings.push(() => origin.stop());
  await fc.assert(
    fc.asyncProperty(
      plan(fc.oneof({ arbitrary: ofOneStream, weight: 100 }, { arbitrary: ofManyStreams, weight: 1 })),
      async (plans) => {
        const bench = new CalloutBench();
        const client = bench.client({ auth: [origin.port] });
        const told = plans.map(() => 0);
        const callouts = plans.map(({ end }, at) => {
          const metadata = headOf([["x-end", String(end)]]);
          const request = { cluster: "auth", service: "s.S", method: "M", metadata, message: Buffer.from("q") };
          return client.grpcCall(
            { ...request, timeoutMs: TIMEOUT_MS },
            {
              initialMetadata: () => {},
              message: () => {},
              trailingMetadata: () => {},
              closed: () => void told[at]!++,
            },
          );
        });
        await cancelSome(callouts, plans);
        await expectAllOver(bench, told);
      },
    ),
    { numRuns: 4 },
  );
});
