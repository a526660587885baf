// What a thread leaves behind that dies within a change, word by word.
import { describe, expect, it } from "vitest";
import { QUEUE_BYTES } from "./limits.ts";
import { QueueRecord, queueRecordBytes } from "./queue-record.ts";

/** Words of the record. */
const HEAD = 2;
const TAIL = 3;
const PUT_IN = 4;
const TAKEN_OUT = 5;

function open(): { record: QueueRecord; words: Int32Array } {
  const buffer = new SharedArrayBuffer(queueRecordBytes(1));
  const record = new QueueRecord(buffer, 0, 1);
  record.begin(Buffer.from("q"));
  for (const text of ["one", "two", "three"]) record.enqueue(Buffer.from(text));
  return { record, words: new Int32Array(buffer) };
}

function rest(record: QueueRecord): string[] {
  const items: string[] = [];
  for (let item = record.dequeue(); item !== null; item = record.dequeue()) items.push(Buffer.from(item).toString());
  return items;
}

describe("QueueRecord", () => {
  it("has an item that was put in but not counted", () => {
    const { record, words } = open();
    words[PUT_IN]!--;
    expect([record.check(), record.count, rest(record)]).toEqual([true, 3, ["one", "two", "three"]]);
  });

  it("has not what was taken out but not counted", () => {
    const { record, words } = open();
    record.dequeue();
    words[TAKEN_OUT]!--;
    expect([record.check(), record.count, rest(record)]).toEqual([true, 2, ["two", "three"]]);
  });

  it("knows nothing of an item whose bytes were written before its death", () => {
    const { record, words } = open();
    const [tail, putIn] = [words[TAIL]!, words[PUT_IN]!];
    record.enqueue(Buffer.from("four"));
    words[TAIL] = tail;
    words[PUT_IN] = putIn;
    expect([record.check(), rest(record)]).toEqual([true, ["one", "two", "three"]]);
  });

  it.each([
    { remark: "more bytes than it has room for", damage: (words: Int32Array) => (words[TAIL] = QUEUE_BYTES + 4) },
    { remark: "an item that reaches behind the last", damage: (words: Int32Array) => (words[TAIL]! -= 4) },
    { remark: "a beginning between two words", damage: (words: Int32Array) => (words[HEAD]! += 1) },
    { remark: "a length below 0", damage: (words: Int32Array) => words.fill(-5, (7 + 1) + 512 / 4) }, // prettier-ignore
  ])("drops its items, and serves on, when it finds $remark", ({ damage }) => {
    const { record, words } = open();
    damage(words);
    expect([record.check(), record.count, record.dequeue()]).toEqual([false, 0, null]);
    words[HEAD] = words[TAIL] = 0;
    expect([record.enqueue(Buffer.from("next")), rest(record)]).toEqual([true, ["next"]]);
  });

  it("counts on where its numbers wrap", () => {
    const { record, words } = open();
    words.fill(0xffff_fff8 | 0, HEAD, TAIL + 1);
    words.fill(-2, PUT_IN, TAKEN_OUT + 1);
    const texts = ["a", "bcdefghijk", "l", "m"];
    for (const text of texts) expect(record.enqueue(Buffer.from(text))).toBe(true);
    expect([record.check(), record.count, rest(record)]).toEqual([true, 4, texts]);
  });
});
