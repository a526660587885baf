import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { DescriptorSink } from "./descriptor-sink.ts";
import { openSink } from "./index.ts";
import { reportSinkKit } from "./report-sink.kit.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-sink-"));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;

function freshFile(): string {
  return join(folder, `records-${++files}.jsonl`);
}

reportSinkKit("a jsonl file", () => {
  const file = freshFile();
  const sink = openSink({ name: "file", type: "jsonl", file, rotateAtBytes: null }, folder);
  return Promise.resolve({ sink, written: () => Promise.resolve(readFileSync(file, "utf8")) });
});

describe("DescriptorSink", () => {
  it("drops and counts what does not fit its queue, and takes the rest", async () => {
    const file = freshFile();
    const sink = new DescriptorSink({ name: "s", open: () => openSync(file, "a"), closes: true, queueBytesMax: 10 });
    sink.write(Buffer.from("12345678\n"), 1);
    sink.write(Buffer.from("dropped\ndropped\n"), 2);
    await sink.flush();
    sink.write(Buffer.from("again\n"), 1);
    await sink.close();
    expect(readFileSync(file, "utf8")).toBe("12345678\nagain\n");
    expect(sink.dropped).toBe(2);
  });

  it("moves a full file aside and goes on with a new one", async () => {
    const file = freshFile();
    const sink = openSink({ name: "s", type: "jsonl", file, rotateAtBytes: 8 }, folder);
    sink.write(Buffer.from("12345678\n"), 1);
    await sink.flush();
    sink.write(Buffer.from("next\n"), 1);
    await sink.close();
    expect(readFileSync(`${file}.1`, "utf8")).toBe("12345678\n");
    expect(readFileSync(file, "utf8")).toBe("next\n");
  });

  it("appends to what a run before it wrote", async () => {
    const file = freshFile();
    writeFileSync(file, "before\n");
    const sink = openSink({ name: "s", type: "jsonl", file, rotateAtBytes: null }, folder);
    sink.write(Buffer.from("after\n"), 1);
    await sink.close();
    expect(readFileSync(file, "utf8")).toBe("before\nafter\n");
  });
});
