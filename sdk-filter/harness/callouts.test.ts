// What the SDK asks others: callouts of plugin and stream, gRPC, queues and foreign functions, in the real host.

import { describe, expect, it } from "vitest";
import { buildFilter } from "../compile/build-filter.ts";
import { scratchFilter } from "../compile/scratch-folder.ts";
import { FilterUnderTest } from "./filter-under-test.ts";
import type { LoadOptions } from "./filter-under-test.ts";

const HEAD = `export * from "@sluice/sdk-filter/assembly/exports";
import {
  Action, Filter, ForeignFunction, GrpcMethod, GrpcStream, Headers, HttpRequest, HttpResponse, NoConfig, SharedQueue, Stream,
  Text, Value, Verdict, calloutFailure, filter, log,
} from "@sluice/sdk-filter/assembly";
const AUTH: Text = Text.of("auth");
const X_USER: Text = Text.of("x-user");
`;

/** Asks for each stream who the user is. */
const STREAM = `
class Sample extends Filter<NoConfig> {
  newStream(): Stream | null { return new Asking(); }
}
class Asking extends Stream {
  asked: u32 = 0;
  requestHeaders(end: bool): Action {
    const question = new HttpRequest("POST", "/who", "auth.test");
    question.add(X_USER, Text.of("a"));
    question.setBody("hello");
    this.asked = this.http(AUTH, question, 100);
    return this.asked == 0 ? Action.Continue : Action.Pause;
  }
  onHttpResponse(id: u32, response: HttpResponse): void {
    assert(id == this.asked);
    if (response.failed) { this.reply(503, calloutFailure()); return; }
    const user = response.headers.get(X_USER);
    this.request.headers.setString(X_USER, (user === null ? "none" : user) + response.status.toString() + response.body.text());
    this.resumeRequest();
  }
}
filter<Sample>();`;

/** A check by gRPC; then, when its stream ends, a stream of gRPC and two items of a queue. */
const PLUGIN = `
class Sample extends Filter<NoConfig> {
  method: GrpcMethod = new GrpcMethod("auth.v1.Check", "May");
  none: ForeignFunction = new ForeignFunction("none.such");
  told: GrpcStream | null = null;
  queue: SharedQueue | null = null;

  configure(config: NoConfig): bool {
    const queue = SharedQueue.receive("jobs")!;
    assert(SharedQueue.find("test", "jobs")!.id == queue.id && SharedQueue.find("test", "other") === null);
    this.queue = queue;
    return this.none.call("x") === null && this.none.status == 1;
  }
  check(): Verdict {
    this.method.metadata.clear();
    this.method.metadata.add(X_USER, Text.of("a"));
    return this.grpcCall(AUTH, this.method, String.UTF8.encode("ask"), 100) == 0 ? Verdict.Error : Verdict.Pending;
  }
  report(): void {
    const told = this.grpcStream(AUTH, this.method)!;
    told.send(String.UTF8.encode("one"));
    told.send(String.UTF8.encode("two"), true);
    this.told = told;
    this.queue!.push("a");
    this.queue!.pushText(Text.of("b"));
  }
  onGrpcMetadata(id: u32, metadata: Headers): void { log.info("metadata " + metadata.get(X_USER)!); }
  onGrpcTrailers(id: u32, metadata: Headers): void { log.info("trailers " + metadata.get(X_USER)!); }
  onGrpcMessage(id: u32, message: Value): void {
    if (this.told !== null) log.info("message " + message.toString());
    else this.completeCheck(message.is(Text.of("yes")) ? Verdict.Allow : this.deny("no"));
  }
  onGrpcClose(id: u32, status: i32): void {
    log.info("closed " + status.toString() + " " + calloutFailure());
    if (this.told === null) this.completeCheck(this.deny("auth-down", 503));
    else assert(!this.told!.send(String.UTF8.encode("late")));
  }
  onQueueReady(queue: u32): void { log.info(this.queue!.id == queue ? this.queue!.take()!.toString() : "?"); }
}
filter<Sample>();`;

/** Asks and does not listen. */
const FORGETFUL = `
class Sample extends Filter<NoConfig> {
  report(): void { this.http(AUTH, new HttpRequest("GET", "/", "a"), 1); }
}
filter<Sample>();`;

const build = async (source: string): ReturnType<typeof buildFilter> => buildFilter(await scratchFilter(HEAD + source));
const built: Record<string, ReturnType<typeof buildFilter>> = {};

async function load(source: string, options: LoadOptions = {}): Promise<FilterUnderTest> {
  const { wasm } = await (built[source] ??= build(source));
  return FilterUnderTest.load(wasm, { capabilities: ["callout", "queue", "foreign"], ...options });
}

const said = (filter: FilterUnderTest): string[] => filter.logs.map(({ message }) => message);

describe("a callout of a stream", () => {
  it.each(["stream", "shared"] as const)("comes back to the stream that asked, isolation %s", async (isolation) => {
    const users = ["ann", "bob"];
    const filter = await load(STREAM, {
      isolation,
      callouts: () => ({ afterMs: 20, response: { status: 201, headers: [["x-user", users.shift()!]], body: "!" } }),
    });
    const forwarded = [1, 2].map(() => filter.request().forwarded!.header("x-user"));
    expect(forwarded).toEqual(["ann201!", "bob201!"]);
    expect(filter.callouts[0]).toMatchObject({
      kind: "http",
      cluster: "auth",
      method: "POST",
      path: "/who",
      headers: expect.arrayContaining([
        [":authority", "auth.test"],
        ["x-user", "a"],
      ]) as unknown,
      body: "hello",
      timeoutMs: 100,
    });
  });

  it("is told that there is no answer, and why", async () => {
    const filter = await load(STREAM, { callouts: [{ cluster: "auth", fail: "reset" }] });
    const { localResponse, forwarded } = filter.request();
    expect([localResponse!.status, localResponse!.body, forwarded]).toEqual([503, "reset", null]);
  });

  it("is not made where the host refuses it", async () => {
    const filter = await load(STREAM, { clusters: ["other"] });
    expect(filter.request().forwarded).not.toBeNull();
    expect(filter.callouts).toEqual([]);
  });
});

describe("what a plugin asks", () => {
  it.each([
    { answer: { messages: ["yes"] }, kind: "allow", reason: null, first: "a" },
    { answer: { messages: ["never"] }, kind: "deny", reason: "no", first: "a" },
    { answer: { status: 7, message: "not you" }, kind: "deny", reason: "auth-down", first: "closed 7 not you" },
  ])("by gRPC, answered with $answer, ends the check as $kind", async ({ answer, kind, reason, first }) => {
    const filter = await load(PLUGIN, { isolation: "shared", callouts: [{ cluster: "auth", grpc: answer }] });
    const { verdict } = filter.request();
    filter.clock.advance(1);
    expect([verdict.kind, verdict.reason, said(filter)[0]]).toEqual([kind, reason, first]);
    const { path, headers, messages } = filter.callouts[0]!;
    expect([path, headers, messages.map((one) => Buffer.from(one).toString())]).toEqual([
      "/auth.v1.Check/May",
      [["x-user", "a"]],
      ["ask"],
    ]);
  });

  it("on a gRPC stream is heard with metadata, messages, trailers and the end, and queued items one by one", async () => {
    const grpc = { metadata: [["x-user", "m"]], messages: ["a", "b"], trailers: [["x-user", "t"]], status: 9 } as const;
    const filter = await load(PLUGIN, {
      isolation: "shared",
      callouts: ({ kind }) => ({ afterMs: 5, grpc: kind === "grpcCall" ? { messages: ["yes"] } : grpc }),
    });
    filter.request();
    filter.clock.advance(10);
    expect(said(filter)).toEqual(["a", "b", "metadata m", "message a", "message b", "trailers t", "closed 9 "]);
    expect(filter.callouts[1]!.messages.map((one) => Buffer.from(one).toString())).toEqual(["one", "two"]);
  });
});

it("a filter exports the callbacks of what it asks, and of nothing else", async () => {
  const callbacks = async (source: string): Promise<string[]> => {
    const { exports } = await (built[source] ??= build(source));
    return exports.filter((name) => /http_call|grpc|queue|foreign/.test(name)).sort();
  };
  expect(await callbacks(STREAM)).toEqual(["proxy_on_http_call_response"]);
  expect(await callbacks(PLUGIN)).toEqual([
    "proxy_on_grpc_close",
    "proxy_on_grpc_receive",
    "proxy_on_grpc_receive_initial_metadata",
    "proxy_on_grpc_receive_trailing_metadata",
    "proxy_on_queue_ready",
  ]);
  // Whoever asks and does not listen must still forget that it asked.
  expect(await callbacks(FORGETFUL)).toEqual(["proxy_on_http_call_response"]);
  expect(await callbacks(FORGETFUL.replace(/this.http[^;]*;/, ""))).toEqual([]);
});
