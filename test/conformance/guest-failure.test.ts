import { describe, expect, it } from "vitest";
import { GuestFailure } from "@sluice/abi";
import { PlainStream } from "./kit/plain-stream.ts";
import { startPlugin } from "./kit/plugin.ts";

const LOG = '(import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))';
const onRequest = (body: string): string =>
  `(func $entry (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) ${body} (i32.const 0))`;

function failureOf(act: () => unknown): GuestFailure {
  try {
    act();
  } catch (thrown) {
    if (thrown instanceof GuestFailure) return thrown;
    throw thrown;
  }
  throw new Error("nothing failed");
}

function failIn(text: string, spec = {}): { failure: GuestFailure; stream: PlainStream; fuelUsed: number } {
  const instance = startPlugin(text, spec).plugin.acquire()!;
  const stream = new PlainStream();
  const id = instance.createStream(stream, 0);
  const failure = failureOf(() => instance.requestHeaders(id, 0, true));
  expect(instance.failed).toBe(true);
  return { failure, stream, fuelUsed: instance.fuelUsed };
}

describe("GuestFailure", () => {
  it.each([
    { name: "unreachable", text: onRequest("(unreachable)"), cause: "trap" },
    { name: "bad access", text: onRequest("(drop (i32.load (i32.const 0x7fffffff)))"), cause: "trap" },
    { name: "endless loop", text: onRequest("(loop $l (br $l))"), cause: "fuel" },
    {
      name: "endless recursion",
      text: `(func $deeper (call $deeper)) ${onRequest("(call $deeper)")}`,
      cause: "limit",
    },
    {
      name: "proc_exit",
      text: `(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32))) ${onRequest("(call $exit (i32.const 3))")}`,
      cause: "trap",
    },
    {
      name: "abort",
      text: `(import "env" "abort" (func $abort (param i32 i32 i32 i32)))
        ${onRequest("(call $abort (i32.const 0) (i32.const 0) (i32.const 7) (i32.const 9))")}`,
      cause: "trap",
    },
  ])("names $cause as the cause of $name", ({ text, cause }) => {
    expect(failIn(text).failure.cause).toBe(cause);
  });

  it("shows valid Unicode of what an abort says in half characters", () => {
    const { failure } = failIn(`(import "env" "abort" (func $abort (param i32 i32 i32 i32)))
      (data (i32.const 1020) "\\02\\00\\00\\00\\00\\d8")
      ${onRequest("(call $abort (i32.const 1024) (i32.const 0) (i32.const 7) (i32.const 9))")}`);
    expect(failure.message).toContain("abort: \ufffd ");
  });

  it("names filter, slot, callback and the functions at work", () => {
    const { failure } = failIn(`(func $inner (unreachable)) ${onRequest("(call $inner)")}`, {
      filter: "rbac",
      slot: "auth",
    });
    expect(failure).toMatchObject({
      callback: "proxy_on_request_headers",
      at: "inner < entry",
      plugin: { filter: "rbac", slot: "auth", revision: "sha256:1" },
    });
    expect(failure.message).toContain("rbac (slot auth) failed in proxy_on_request_headers: unreachable");
  });

  it("names file and line when the author gave a source map", () => {
    const sourceMap = JSON.stringify({ version: 3, sources: ["rbac.ts"], mappings: "AASA" });
    expect(failIn(onRequest("(unreachable)"), { sourceMap }).failure.at).toBe("entry (rbac.ts:10)");
  });

  it("quotes what was logged as critical, where panics say what happened", () => {
    const text = `${LOG} (data (i32.const 64) "index out of bounds\\0a")
      ${onRequest("(drop (call $log (i32.const 5) (i32.const 64) (i32.const 20))) (unreachable)")}`;
    expect(failIn(text).failure.message).toContain("unreachable: index out of bounds\\n");
  });

  it("says how much fuel an endless loop has used: all of it", () => {
    const { fuelUsed } = failIn(onRequest("(loop $l (br $l))"), {
      limits: { memoryBytes: 1 << 20, fuel: 1000, depth: 1024 },
    });
    expect(fuelUsed).toBeGreaterThanOrEqual(1000);
    expect(fuelUsed).toBeLessThan(1100);
  });

  it("ends a guest that makes the host move more bytes than its fuel pays for", () => {
    const text = `(import "env" "proxy_set_buffer_bytes" (func $set (param i32 i32 i32 i32 i32) (result i32)))
      ${onRequest("(loop $l (drop (call $set (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))) (br $l))")}`;
    const instance = startPlugin(text).plugin.acquire()!;
    const id = instance.createStream(new PlainStream({ requestBody: "x".repeat(1_000_000) }), 0);
    expect(failureOf(() => instance.requestHeaders(id, 0, false))).toMatchObject({ cause: "fuel" });
    expect(instance.fuelUsed).toBeGreaterThan(5_000_000);
  });

  it("drops the effects that the failed callback had queued", () => {
    const text = `(import "env" "proxy_continue_stream" (func $continue (param i32) (result i32)))
      ${onRequest("(drop (call $continue (i32.const 0))) (unreachable)")}`;
    expect(failIn(text).stream.steps).toEqual([]);
  });

  it("tells the other streams of a shared instance, and the next stream gets a fresh one", () => {
    const { plugin } = startPlugin(onRequest("(if (i32.eq (local.get 1) (i32.const 7)) (then (unreachable)))"));
    const instance = plugin.acquire()!;
    const [failing, other] = [new PlainStream(), new PlainStream()];
    const ids = [failing, other].map((stream) => instance.createStream(stream, 0));
    const failure = failureOf(() => instance.requestHeaders(ids[0]!, 7, true));
    expect([failing.lost, other.lost]).toEqual([[], [failure]]);

    const fresh = plugin.acquire()!;
    expect(fresh).not.toBe(instance);
    expect(fresh.requestHeaders(fresh.createStream(new PlainStream(), 0), 1, true)).toBe(0);
  });

  it("ends a guest whose allocator makes a hostcall it may not make", () => {
    const text = `(import "env" "proxy_done" (func $done (result i32)))
      (import "env" "proxy_get_property" (func $get (param i32 i32 i32 i32) (result i32)))
      (data (i32.const 64) "plugin_name")
      (func (export "proxy_on_memory_allocate") (param i32) (result i32) (call $done))
      ${onRequest("(drop (call $get (i32.const 64) (i32.const 11) (i32.const 0) (i32.const 4)))")}`;
    const { failure } = failIn(text);
    expect(failure).toMatchObject({ cause: "trap", message: expect.stringContaining("restricted_callback") });
  });

  it("lets an allocator log", () => {
    const text = `${LOG} (import "env" "proxy_get_property" (func $get (param i32 i32 i32 i32) (result i32)))
      (data (i32.const 64) "plugin_name")
      (func (export "proxy_on_memory_allocate") (param i32) (result i32)
        (drop (call $log (i32.const 2) (i32.const 64) (i32.const 6))) (i32.const 1024))
      ${onRequest("(drop (call $get (i32.const 64) (i32.const 11) (i32.const 0) (i32.const 4)))")}`;
    const { plugin, services } = startPlugin(text);
    const instance = plugin.acquire()!;
    instance.requestHeaders(instance.createStream(new PlainStream(), 0), 0, true);
    expect(services.logs.map(({ message }) => message)).toEqual(["plugin"]);
  });
});
