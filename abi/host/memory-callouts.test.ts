import { describe, expect, it } from "vitest";
import { headOf } from "../head/head.ts";
import { ManualClock } from "./memory-services.ts";
import { MemoryCallouts } from "./memory-callouts.ts";
import type { CalloutScript, ScriptedAnswer } from "./memory-callouts.ts";

class Notes {
  readonly heard: string[] = [];
  answered(headers: ReturnType<typeof headOf>, body: Uint8Array): void {
    this.heard.push(`${headers.get(":status")} ${Buffer.from(body).toString()}`);
  }
  failed(reason: string): void {
    this.heard.push(reason);
  }
  initialMetadata(): void {
    this.heard.push("metadata");
  }
  message(bytes: Uint8Array): void {
    this.heard.push(`message ${Buffer.from(bytes).toString()}`);
  }
  trailingMetadata(): void {
    this.heard.push("trailers");
  }
  closed(status: number, message: string): void {
    this.heard.push(`closed ${status} ${message}`.trim());
  }
}

function bench(answer: ScriptedAnswer | null | CalloutScript) {
  const clock = new ManualClock(0);
  const script = typeof answer === "function" ? answer : (): ScriptedAnswer | null => answer;
  return { clock, client: new MemoryCallouts({ timers: clock, script, clusters: ["a"] }), notes: new Notes() };
}

const HTTP = {
  cluster: "a",
  headers: headOf([
    [":method", "GET"],
    [":path", "/x"],
    [":authority", "t"],
  ]),
  body: new Uint8Array(0),
  trailers: null,
  timeoutMs: 50,
};
const GRPC = {
  cluster: "a",
  service: "s.S",
  method: "M",
  metadata: headOf([]),
  message: Buffer.from("q"),
  timeoutMs: 50,
};

describe("MemoryCallouts", () => {
  it.each([
    { name: "an answer", answer: {}, atMs: 0, heard: ["200"] },
    {
      name: "a later one",
      answer: { afterMs: 20, response: { status: 403, body: "no" } },
      atMs: 20,
      heard: ["403 no"],
    },
    { name: "one that comes too late", answer: { afterMs: 50, response: {} }, atMs: 50, heard: ["timeout"] },
    { name: "a timeout", answer: { fail: "timeout" }, atMs: 50, heard: ["timeout"] },
    { name: "a reset", answer: { fail: "reset", afterMs: 5 }, atMs: 5, heard: ["reset"] },
    { name: "nobody there", answer: null, atMs: 0, heard: ["connect"] },
    { name: "a server of gRPC", answer: { grpc: {} }, atMs: 0, heard: ["reset"] },
  ] as const)("tells an HTTP callout of $name, once and at its time", ({ answer, atMs, heard }) => {
    const { clock, client, notes } = bench(answer);
    client.http(HTTP, notes);
    if (atMs > 0) clock.advance(atMs - 1);
    expect(notes.heard).toEqual([]);
    clock.advance(1);
    clock.advance(1_000);
    expect(notes.heard.map((text) => text.trim())).toEqual(heard);
    expect([client.pending, client.asked[0]!.outcome]).toEqual([0, heard[0].match(/\d/) ? "answered" : "failed"]);
  });

  it.each([
    { name: "a message", answer: { grpc: { messages: ["yes", "never"] } }, heard: ["message yes", "closed 0"] },
    { name: "an empty message", answer: { grpc: {} }, heard: ["message ", "closed 0"] },
    { name: "a status", answer: { grpc: { status: 7, message: "no", messages: ["x"] } }, heard: ["closed 7 no"] },
    { name: "a timeout", answer: { fail: "timeout" }, heard: ["closed 4 timeout"] },
    { name: "nobody there", answer: null, heard: ["closed 14 connect"] },
    { name: "a web page", answer: { response: {} }, heard: ["closed 2 the answer is not gRPC"] },
  ] as const)("tells a gRPC call of $name", ({ answer, heard }) => {
    const { clock, client, notes } = bench(answer);
    client.grpcCall(GRPC, notes);
    clock.advance(50);
    expect(notes.heard).toEqual(heard);
    expect(client.asked[0]).toMatchObject({ kind: "grpcCall", path: "/s.S/M", messages: [Buffer.from("q")] });
  });

  it("tells a stream all of its answer, and keeps what was sent", () => {
    const { clock, client, notes } = bench({ grpc: { messages: ["a", "b"], status: 9 } });
    const stream = client.grpcStream(GRPC, notes);
    stream.send(Buffer.from("1"), false);
    stream.send(Buffer.from("2"), true);
    stream.send(Buffer.from("late"), false);
    clock.advance(1);
    expect(notes.heard).toEqual(["metadata", "message a", "message b", "trailers", "closed 9"]);
    expect(client.asked[0]!.messages.map(String)).toEqual(["1", "2"]);
  });

  it("leaves a stream open that the script leaves open, until it is cancelled", () => {
    const { clock, client, notes } = bench({ grpc: { messages: ["a"], isOpen: true } });
    const stream = client.grpcStream(GRPC, notes);
    clock.advance(100_000);
    expect([notes.heard, client.asked[0]!.outcome, client.pending]).toEqual([["metadata", "message a"], "waiting", 0]);
    stream.cancel();
    expect(client.asked[0]!.outcome).toBe("cancelled");
  });

  it("tells nothing after a cancel, also of one that comes within the answer", () => {
    const { clock, client, notes } = bench({ grpc: { messages: ["a", "b", "c"] } });
    const stream = client.grpcStream(GRPC, notes);
    client.http(HTTP, notes).cancel();
    const message = notes.message.bind(notes);
    notes.message = (bytes) => {
      message(bytes);
      if (String(Buffer.from(bytes)) === "b") stream.cancel();
    };
    clock.advance(1_000);
    expect(notes.heard).toEqual(["metadata", "message a", "message b"]);
    expect(client.asked.map(({ outcome }) => outcome)).toEqual(["cancelled", "cancelled"]);
  });

  it("knows the clusters it was given", () => {
    const { client } = bench(null);
    expect([client.hasCluster("a"), client.hasCluster("b")]).toEqual([true, false]);
  });
});
