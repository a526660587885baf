// Good, odd and broken answers of upstreams, over sockets: whole, byte by byte, and cut at every boundary. A client reads
// what llhttp understands of the upstream's own bytes, or is told 502, or sees that the answer broke off.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ANSWERS, type UpstreamSays } from "./answers.ts";
import { openLanes, overLanes } from "./lanes.ts";
import { parse } from "./llhttp.ts";
import { endToEnd } from "./meaning.ts";
import { byteByByte, everyCut, Talk, type UpstreamAnswer } from "./talk.ts";

/** A proxy whose upstream says next what it is told to. */
class Lane {
  private says: UpstreamAnswer = { pieces: [], end: false };
  private talk: Talk | null = null;

  static async open(): Promise<Lane> {
    const lane = new Lane();
    lane.talk = await Talk.start(() => lane.says);
    return lane;
  }

  ask(method: string, says: UpstreamAnswer): ReturnType<Talk["send"]> {
    this.says = says;
    return this.talk!.send([Buffer.from(`${method} / HTTP/1.1\r\nHost: a.test\r\n\r\n`)], 1);
  }

  close(): Promise<void> {
    return this.talk!.stop();
  }
}

describe("the proxy's HTTP/1.1, answered", () => {
  let lanes: Lane[];
  beforeAll(async () => void (lanes = await openLanes(() => Lane.open())));
  afterAll(() => Promise.all(lanes.map((lane) => lane.close())));

  it.each([
    ["whole", (bytes: Buffer) => [[bytes]]],
    ["byte by byte", byteByByte],
    ["cut at every boundary", (bytes: Buffer) => (bytes.length === 0 ? [] : everyCut(bytes))],
  ])(
    "passes what it may, %s",
    async (_how, pieces) => {
      const talks = ANSWERS.flatMap((row) => pieces(Buffer.from(row.sent, "latin1")).map((sent) => ({ row, sent })));
      await overLanes(lanes, talks, (lane, { row, sent }) => check(lane, row, sent));
    },
    120_000,
  );
});

async function check(lane: Lane, row: UpstreamSays, pieces: Buffer[]): Promise<void> {
  const title = `${row.name}, in pieces of ${pieces.map(({ length }) => length).slice(0, 3)}`;
  const { answers, kept } = await lane.ask(row.method, { pieces, end: row.ends });
  const [answer] = answers;
  expect({ title, answers: answers.length, kept: kept > 0 }).toEqual({ title, answers: 1, kept: row.keeps });
  if (row.want === "bad") {
    expect({ title, status: answer!.status, isWhole: answer!.isWhole }).toEqual({ title, status: 502, isWhole: true });
    return;
  }
  const { messages } = parse("answers", Buffer.from(row.sent, "latin1"), () => row.method === "HEAD");
  const wanted = messages.find(({ status }) => status >= 200)!;
  if (row.want === "cut") {
    expect({ title, status: answer!.status, isWhole: answer!.isWhole }).toEqual({ title, status: 200, isWhole: false });
    return;
  }
  expect({ title, ...meaningOf(answer!) }).toEqual({ title, ...meaningOf(wanted) });
}

function meaningOf(message: Parameters<typeof endToEnd>[0]): object {
  const { status, body, trailers, isWhole } = message;
  return { status, body, trailers, isWhole, fields: endToEnd(message) };
}
