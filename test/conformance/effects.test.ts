import { describe, expect, it } from "vitest";
import { PlainStream } from "./kit/plain-stream.ts";
import { startPlugin } from "./kit/plugin.ts";

const CONTINUES = `(import "env" "proxy_continue_stream" (func $continue (param i32) (result i32)))
  (import "env" "proxy_close_stream" (func $close (param i32) (result i32)))
  (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
    (drop (call $continue (i32.const 0))) (drop (call $close (i32.const 1))) (i32.const 1))
  (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
    (drop (call $continue (i32.const 1))) (i32.const 0))`;

describe("effects", () => {
  it("are done in order after the callback has returned, before its result is handed on", () => {
    const instance = startPlugin(CONTINUES).plugin.acquire()!;
    const stream = new PlainStream();
    const result = instance.requestHeaders(instance.createStream(stream, 0), 0, true);
    expect([stream.steps, result]).toEqual([["continue 0", "close 1"], 1]);
  });

  it("queued by a call that an effect makes are done before that call's result counts", () => {
    const instance = startPlugin(CONTINUES).plugin.acquire()!;
    const stream = new PlainStream();
    const id = instance.createStream(stream, 0);
    const depths: number[] = [];
    let depth = 0;
    stream.onStep = () => {
      depths.push(++depth);
      if (stream.steps.length === 1) instance.responseHeaders(id, 0, false);
      depth--;
    };
    instance.requestHeaders(id, 0, true);
    expect([stream.steps, depths]).toEqual([
      ["continue 0", "continue 1", "close 1"],
      [1, 2, 1],
    ]);
  });

  it("of a stream that was deleted meanwhile are dropped", () => {
    const instance = startPlugin(CONTINUES).plugin.acquire()!;
    const stream = new PlainStream();
    const id = instance.createStream(stream, 0);
    stream.onStep = () => instance.delete(id);
    instance.requestHeaders(id, 0, true);
    expect(stream.steps).toEqual(["continue 0"]);
  });

  it("reach another stream through the effective context, from a tick too", () => {
    const { plugin, services } = startPlugin(
      `(import "env" "proxy_set_effective_context" (func $effective (param i32) (result i32)))
       (import "env" "proxy_set_tick_period_milliseconds" (func $period (param i32) (result i32)))
       (import "env" "proxy_continue_stream" (func $continue (param i32) (result i32)))
       (func (export "proxy_on_configure") (param i32 i32) (result i32) (drop (call $period (i32.const 100))) (i32.const 1))
       (func (export "proxy_on_tick") (param i32)
         (drop (call $effective (i32.const 2))) (drop (call $continue (i32.const 0))))`,
      { capabilities: ["timer", "stream"] },
    );
    const stream = new PlainStream();
    plugin.acquire()!.createStream(stream, 0);
    services.clock.advance(100);
    expect(stream.steps).toEqual(["continue 0"]);
  });
});
