import { expect, it } from "vitest";
import { MemoryServices } from "../host/memory-services.ts";
import { Plugin, type PluginSpec } from "../host/plugin.ts";
import { prepareModule } from "../module/artifact.ts";
import { filter } from "../module/fixtures/wat.ts";
import { DEFAULT_CAPABILITIES } from "../spec/row.ts";

const SPEC: PluginSpec = {
  slot: "slot",
  filter: "fixture",
  version: "sha256:0",
  revision: "sha256:1",
  pluginName: "fixture",
  rootId: "root",
  vmId: "vm",
  pluginConfig: new Uint8Array(0),
  vmConfig: new Uint8Array(0),
  environment: {},
  capabilities: [...DEFAULT_CAPABILITIES, "foreign"],
  limits: { memoryBytes: 16 * 1024 * 1024, fuel: 5_000_000, depth: 1024 },
  isolation: "shared",
  requiresCheck: false,
  bodyCallbacks: "all",
};

it("Plugin.callForeign hands the root its arguments in buffer 8, and a function of the embedding takes what it answers", () => {
  const answers: string[] = [];
  const reply = ({ args }: { args: Uint8Array }): number => {
    answers.push(Buffer.from(args).toString());
    return 0;
  };
  // Says the arguments back, with the function's number added to their first letter.
  const guest = filter(`
    (import "env" "proxy_get_buffer_bytes" (func $read (param i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_call_foreign_function" (func $call (param i32 i32 i32 i32 i32 i32) (result i32)))
    (func (export "proxy_on_foreign_function") (param $context i32) (param $function i32) (param $size i32)
      (if (i32.eq (local.get $function) (i32.const 13)) (then (unreachable)))
      (drop (call $read (i32.const 8) (i32.const 0) (local.get $size) (i32.const 0) (i32.const 4)))
      (i32.store8 (i32.load (i32.const 0))
        (i32.add (i32.load8_u (i32.load (i32.const 0))) (local.get $function)))
      (drop (call $call (i32.const 16) (i32.const 5)
        (i32.load (i32.const 0)) (i32.load (i32.const 4)) (i32.const 0) (i32.const 0))))
    (data (i32.const 16) "reply")`);
  const plugin = new Plugin(prepareModule(guest), SPEC, new MemoryServices({ foreign: { reply } }));
  plugin.start();
  plugin.callForeign(1, Buffer.from("abc"));
  plugin.callForeign(13, Buffer.from("it traps, and the next call finds a fresh instance"));
  plugin.callForeign(2, Buffer.from("abc"));
  plugin.close();
  plugin.callForeign(3, Buffer.from("nobody is there"));
  expect(answers).toEqual(["bbc", "cbc"]);
});
