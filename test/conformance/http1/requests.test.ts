// Over two hundred hostile and odd requests, over sockets: whole, byte by byte, and cut at every boundary. What is
// refused reaches no upstream; what is accepted means to the upstream what llhttp understands of the client's own bytes.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ACCEPTED, type AcceptedRequests } from "./accepted-requests.ts";
import { openLanes, overLanes } from "./lanes.ts";
import { parse, type Message } from "./llhttp.ts";
import { endToEnd, valueOf } from "./meaning.ts";
import { REFUSED, type RefusedRequest } from "./refused-requests.ts";
import { byteByByte, everyCut, Talk, type Conversation, type UpstreamAnswer } from "./talk.ts";

describe("the proxy's HTTP/1.1, asked", () => {
  let lanes: Talk[];
  beforeAll(async () => void (lanes = await openLanes(() => Talk.start(ok))));
  afterAll(() => Promise.all(lanes.map((lane) => lane.stop())));

  it("is asked two hundred messages and more, each of its own name", () => {
    const names = [...REFUSED, ...ACCEPTED].map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThanOrEqual(200);
  });

  it.each([
    ["whole", (bytes: Buffer) => [[bytes]]],
    ["byte by byte", byteByByte],
    ["cut at every boundary", everyCut],
  ])(
    "answers and passes as it should, %s",
    async (_how, pieces) => {
      const rows = [...REFUSED.map((row) => ({ row, check: checkRefused })), ...ACCEPTED.map(asAccepted)];
      const talks = rows.flatMap(({ row, check }) =>
        pieces(Buffer.from(row.sent, "latin1")).map((sent) => ({ row, sent, check })),
      );
      await overLanes(lanes, talks, async (lane, { row, sent, check }) => {
        const title = `${row.name}, in pieces of ${sent.map(({ length }) => length).slice(0, 3)}`;
        await (check as Check)(lane, row as never, sent, title);
      });
    },
    120_000,
  );

  it("leaves no stream behind", async () => {
    for (const { server } of lanes) await expect.poll(() => [server.streams, server.connections]).toEqual([0, 0]);
  });
});

type Check = (lane: Talk, row: RefusedRequest | AcceptedRequests, sent: Buffer[], title: string) => Promise<void>;

function asAccepted(row: AcceptedRequests): { row: AcceptedRequests; check: typeof checkAccepted } {
  return { row, check: checkAccepted };
}

async function checkRefused(lane: Talk, row: RefusedRequest, sent: Buffer[], title: string): Promise<void> {
  const { answers, seen, isClosed, upstreamError } = await lane.send(sent, Infinity);
  const statuses = answers.map(({ status }) => status);
  expect({ title, statuses, seen, isClosed, upstreamError }).toEqual({
    title,
    statuses: [row.status],
    seen: [],
    isClosed: true,
    upstreamError: null,
  });
}

async function checkAccepted(lane: Talk, row: AcceptedRequests, sent: Buffer[], title: string): Promise<void> {
  const wanted = wantedOf(row);
  const talk = await lane.send(sent, wanted.length);
  expect({ title, ...shownOf(talk) }).toEqual({
    title,
    statuses: wanted.map(() => 200),
    upstreamError: null,
    requests: wanted.map(({ method, target, body }) => `${method} ${target} ${body}`),
  });
  if (row.keepsAlive === true) expect({ title, isClosed: talk.isClosed }).toEqual({ title, isClosed: false });
  if (row.beyondLlhttp !== undefined) return;
  for (const [i, message] of wanted.entries()) {
    const request = talk.seen[i]!;
    expect({ title, fields: endToEnd(request), trailers: request.trailers }).toEqual({
      title,
      fields: endToEnd(message),
      trailers: message.trailers,
    });
    expect(valueOf(request, "host")).toBe(row.differs?.[i]?.host ?? valueOf(message, "host"));
    for (const name of row.absent ?? []) expect(valueOf(request, name)).toBe(null);
    expect(valueOf(request, "x-forwarded-for")).toBe("127.0.0.1");
  }
}

function shownOf({ answers, seen, upstreamError }: Conversation): object {
  return {
    statuses: answers.map(({ status }) => status),
    upstreamError,
    requests: seen.map(({ method, target, body }) => `${method} ${target} ${body}`),
  };
}

/** What llhttp understands of the client's bytes, but for what the row says is to differ. */
function wantedOf({ sent, differs, beyondLlhttp }: AcceptedRequests): readonly Message[] {
  if (beyondLlhttp !== undefined) {
    return beyondLlhttp.map((text) => {
      const [method = "", target = "", body = ""] = text.split(" ");
      return { method, target, body, status: 0, version: "1.1", fields: [], trailers: [], isWhole: true };
    });
  }
  const { messages } = parse("requests", Buffer.from(sent, "latin1"));
  const whole = messages.filter(({ isWhole }) => isWhole);
  return whole.map((message, i) => ({ ...message, target: differs?.[i]?.target ?? message.target }));
}

function ok({ method }: Message): UpstreamAnswer {
  const head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
  return { pieces: [Buffer.from(method === "HEAD" ? head : `${head}ok`)], end: false };
}
