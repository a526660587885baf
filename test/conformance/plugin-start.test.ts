import { describe, expect, it } from "vitest";
import { PlainStream } from "./kit/plain-stream.ts";
import { makePlugin, startPlugin } from "./kit/plugin.ts";

const LOG = '(import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))';
const say = (letter: string): string =>
  `(drop (call $log (i32.const 2) (i32.const ${letter.charCodeAt(0)}) (i32.const 1)))`;
const ALPHABET = `(data (i32.const 97) "abcdefghijklmnopqrstuvwxyz")`;

describe("Plugin.start", () => {
  it("runs start section, _initialize, main, root context, vm_start and configure in this order", () => {
    const { services } = startPlugin(`${LOG} ${ALPHABET}
      (func $section ${say("a")}) (start $section)
      (func (export "_initialize") ${say("b")})
      (func (export "main") (param i32 i32) (result i32) ${say("c")} (i32.const 0))
      (func (export "proxy_on_context_create") (param i32 i32) ${say("d")})
      (func (export "proxy_on_vm_start") (param i32 i32) (result i32) ${say("e")} (i32.const 1))
      (func (export "proxy_on_configure") (param i32 i32) (result i32) ${say("f")} (i32.const 1))`);
    expect(services.logs.map(({ message }) => message).join("")).toBe("abcdef");
  });

  it("passes the root context and the sizes of both configurations", () => {
    const refuseUnless = (size: number): string =>
      `(i32.and (i32.eq (local.get 0) (i32.const 1)) (i32.eq (local.get 1) (i32.const ${size})))`;
    const { plugin } = startPlugin(
      `(func (export "proxy_on_vm_start") (param i32 i32) (result i32) ${refuseUnless(3)})
       (func (export "proxy_on_configure") (param i32 i32) (result i32) ${refuseUnless(5)})`,
      { vmConfig: Buffer.from("abc"), pluginConfig: Buffer.from("abcde") },
    );
    expect(plugin.acquire()).not.toBeNull();
  });

  it.each([
    { name: "proxy_on_vm_start", message: "returned false from proxy_on_vm_start", code: "SLUICE-E1203" },
    { name: "proxy_on_configure", message: "returned false from proxy_on_configure", code: "SLUICE-E1203" },
  ])("refuses a guest that returns false from $name", ({ name, message, code }) => {
    const { plugin } = makePlugin(`(func (export "${name}") (param i32 i32) (result i32) (i32.const 0))`);
    expect(() => plugin.start()).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }));
  });

  it.each([
    { name: "traps in configure", body: "(unreachable)", message: "unreachable" },
    { name: "loops for ever in configure", body: "(loop $l (br $l))", message: "out of fuel" },
  ])("refuses a guest that $name", ({ body, message }) => {
    const { plugin } = makePlugin(
      `(func $configure (export "proxy_on_configure") (param i32 i32) (result i32) ${body} (i32.const 1))`,
    );
    expect(() => plugin.start()).toThrow(
      expect.objectContaining({ code: "SLUICE-E1202", message: expect.stringContaining(message) }),
    );
  });

  it("refuses a hostcall with effects while the module starts", () => {
    const { plugin } = makePlugin(`(import "env" "proxy_get_log_level" (func $level (param i32) (result i32)))
      (func (export "_initialize") (drop (call $level (i32.const 0))))`);
    expect(() => plugin.start()).toThrow(/restricted_callback/);
  });

  it("takes proxy_exit(0) of a command's _start as its end", () => {
    const { plugin } = startPlugin(`(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (func (export "_start") (call $exit (i32.const 0)))`);
    expect(plugin.acquire()).not.toBeNull();
  });

  it("gives callbacks their whole depth, however deep _start was when it ended itself", () => {
    const { plugin } = startPlugin(
      `(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
       (func $down (param $calls i32)
         (if (local.get $calls)
           (then (call $down (i32.sub (local.get $calls) (i32.const 1))))
           (else (call $exit (i32.const 0)))))
       (func $deep (param $calls i32)
         (if (local.get $calls) (then (call $deep (i32.sub (local.get $calls) (i32.const 1))))))
       (func (export "_start") (call $down (i32.const 50)))
       (func (export "proxy_on_log") (param i32) (call $deep (i32.const 50)))`,
      { limits: { memoryBytes: 1 << 20, fuel: 10_000, depth: 64 } },
    );
    const instance = plugin.acquire()!;
    expect(() => instance.log(instance.createStream(new PlainStream(), 0))).not.toThrow();
  });

  it("knows the phases of a module before it is started, without bodies when the filter document says none", () => {
    const text = `(func (export "proxy_on_request_body") (param i32 i32 i32) (result i32) (i32.const 0))
      (func (export "proxy_on_log") (param i32))`;
    expect([makePlugin(text).plugin.phases, makePlugin(text, { bodyCallbacks: "none" }).plugin.phases]).toEqual([
      (1 << 2) | (1 << 8),
      1 << 8,
    ]);
  });
});

describe("Plugin.close", () => {
  const root = (doneAnswer: number): string => `${LOG} ${ALPHABET}
    (import "env" "proxy_done" (func $done (result i32)))
    (import "env" "proxy_set_tick_period_milliseconds" (func $tick (param i32) (result i32)))
    (func (export "proxy_on_configure") (param i32 i32) (result i32) (drop (call $tick (i32.const 50))) (i32.const 1))
    (func (export "proxy_on_done") (param i32) (result i32) ${say("d")} (i32.const ${doneAnswer}))
    (func (export "proxy_on_tick") (param i32) ${say("t")} (drop (call $done)))
    (func (export "proxy_on_delete") (param i32) ${say("x")})`;

  it("deletes a root that is done at once", () => {
    const { plugin, services } = startPlugin(root(1), { capabilities: ["log", "timer"] });
    plugin.close();
    services.clock.advance(1000);
    expect(services.logs.map(({ message }) => message).join("")).toBe("dx");
    expect(plugin.instancesLive).toBe(0);
  });

  it("keeps a root that is not done ticking until it calls proxy_done", () => {
    const { plugin, services } = startPlugin(root(0), { capabilities: ["log", "timer"] });
    plugin.close();
    expect(plugin.instancesLive).toBe(1);
    services.clock.advance(1000);
    expect(services.logs.map(({ message }) => message).join("")).toBe("dtx");
    expect(plugin.instancesLive).toBe(0);
  });

  it("ends a root that never calls proxy_done after ten seconds", () => {
    const { plugin, services } = startPlugin(root(0));
    plugin.close();
    services.clock.advance(10_000);
    expect(plugin.instancesLive).toBe(0);
  });
});
