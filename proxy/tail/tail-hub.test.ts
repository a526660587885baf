import { describe, expect, it } from "vitest";
import { TAILS_MAX, TAIL_RECORDS_PER_SECOND } from "./limits.ts";
import { TailHub } from "./tail-hub.ts";

function lineOf(status: number, path = "/"): string {
  return JSON.stringify({ status, method: "GET", path, route: "api", slots: [] });
}

function batch(...lines: string[]): Uint8Array {
  return new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""));
}

function hubOf(): { hub: TailHub; wishes: boolean[] } {
  const wishes: boolean[] = [];
  return { hub: new TailHub((isWanted) => wishes.push(isWanted)), wishes };
}

describe("TailHub", () => {
  it("wants records from the first tail to the end of the last", () => {
    const { hub, wishes } = hubOf();
    const tails = [1, 2].map(() => hub.open({}, { take: () => true }));
    expect(hub.isWanted).toBe(true);
    tails[0]!.close();
    tails[0]!.close();
    expect(wishes).toEqual([true]);
    tails[1]!.close();
    expect(wishes).toEqual([true, false]);
    expect(hub.isWanted).toBe(false);
  });

  it("gives each tail the lines that match, as they are", () => {
    const { hub } = hubOf();
    const [all, denied]: string[][] = [[], []];
    hub.open({}, { take: (line) => all!.push(line) > 0 });
    hub.open({ statuses: ["403"] }, { take: (line) => denied!.push(line) > 0 });
    // The second holds what is looked for, in another place.
    const lines = [lineOf(403), lineOf(200, '/"status":403'), lineOf(404)];
    hub.offer(batch(...lines));
    expect(all).toEqual(lines);
    expect(denied).toEqual([lines[0]]);
  });

  it("counts what a reader has no room for", () => {
    const { hub } = hubOf();
    let room = 2;
    const tail = hub.open({}, { take: () => room-- > 0 });
    hub.offer(batch(...Array.from({ length: 5 }, () => lineOf(200))));
    expect(tail.takeDropped()).toBe(3);
    expect(tail.takeDropped()).toBe(0);
  });

  it("sends one tail only so many a second", () => {
    const { hub } = hubOf();
    let taken = 0;
    const tail = hub.open({}, { take: () => (taken++, true) });
    hub.offer(batch(...Array.from({ length: TAIL_RECORDS_PER_SECOND + 7 }, () => lineOf(200))));
    expect(taken).toBe(TAIL_RECORDS_PER_SECOND);
    expect(tail.takeDropped()).toBe(7);
  });

  it("shows records of other kinds to who wants everything", () => {
    const { hub } = hubOf();
    const seen: string[] = [];
    hub.open({}, { take: (line) => seen.push(line) > 0 });
    hub.open({ path: "/" }, { take: (line) => seen.push(line) > 0 });
    hub.offer(batch('{"kind":"mirror","id":"1"}'));
    expect(seen).toHaveLength(1);
  });

  it("takes no more tails than its bound", () => {
    const { hub } = hubOf();
    for (let i = 0; i < TAILS_MAX; i++) hub.open({}, { take: () => true });
    expect(() => hub.open({}, { take: () => true })).toThrow(expect.objectContaining({ code: "SLUICE-E2048" }));
  });
});
