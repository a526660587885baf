// A filter that fails open may fail anywhere: also where the JavaScript stack ends in the middle of an edit. What goes on then
// is the message as it was before the callback, never half an edit.
import { describe, expect, it } from "vitest";
import wabtLoader from "wabt";
import { headOf } from "../head/head.ts";
import { MemoryServices } from "../host/memory-services.ts";
import { Plugin } from "../host/plugin.ts";
import { prepareModule, type ModuleArtifact } from "../module/artifact.ts";
import { specOf } from "../requests/run-requests.ts";
import { CAUSE } from "./cause.ts";
import { Chain } from "./chain.ts";
import { RecordingDriver } from "./fixtures/recording-driver.ts";
import { takeStream } from "./stream.ts";

const wabt = await wabtLoader();

/** Goes as many calls deep as its configuration has bytes, and edits then; `edit` may use the texts at 64 (name) and 80 (value). */
function filter(edit: string): ModuleArtifact {
  const text = `(module
    (import "env" "proxy_replace_header_map_value" (func $replace (param i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_remove_header_map_value" (func $remove (param i32 i32 i32) (result i32)))
    (import "env" "proxy_set_header_map_pairs" (func $set (param i32 i32 i32) (result i32)))
    (import "env" "proxy_set_property" (func $property (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (global $depth (mut i32) (i32.const 0))
    (data (i32.const 64) "x-a") (data (i32.const 80) "edited")
    (data (i32.const 128) "\\01\\00\\00\\00\\03\\00\\00\\00\\01\\00\\00\\00x-z\\00z\\00")
    (func (export "proxy_abi_version_0_2_1"))
    (func (export "proxy_on_configure") (param i32 i32) (result i32) (global.set $depth (local.get 1)) (i32.const 1))
    (func $deep (param $calls i32)
      (if (local.get $calls) (then (call $deep (i32.sub (local.get $calls) (i32.const 1)))) (else (drop ${edit}))))
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
      (call $deep (global.get $depth)) (i32.const 0)))`;
  return prepareModule(wabt.parseWat("deep.wat", text).toBinary({}).buffer);
}

const EDITS = {
  "replaces a header": "(call $replace (i32.const 0) (i32.const 64) (i32.const 3) (i32.const 80) (i32.const 6))",
  "removes a header": "(call $remove (i32.const 0) (i32.const 64) (i32.const 3))",
  "replaces the whole map": "(call $set (i32.const 0) (i32.const 128) (i32.const 18))",
  "sets a property": "(call $property (i32.const 64) (i32.const 3) (i32.const 80) (i32.const 6))",
} as const;

interface Passed {
  readonly head: string | undefined;
  readonly hasFailed: boolean;
}

function pass(artifact: ModuleArtifact, depth: number): Passed {
  const limits = { depth: 1_000_000, fuel: 50_000_000 };
  const spec = { ...specOf(artifact, undefined, { filter: null, limits }), pluginConfig: new Uint8Array(depth) };
  const plugin = new Plugin(artifact, spec, new MemoryServices());
  plugin.start();
  const revision = { plugin, filter: "deep", version: "v", revision: "r", notLoaded: null, requiresCheck: false };
  const slot = { name: "deep", index: 0, revisions: [revision], split: null, dryRun: false, bodyWhilePaused: false };
  const chain = new Chain([{ ...slot, failOpen: CAUSE.limit }]);
  const driver = new RecordingDriver(chain.all);
  const stream = takeStream();
  stream.open(
    chain,
    chain.all,
    driver,
    headOf([
      [":method", "GET"],
      [":path", "/a"],
      ["x-a", "1"],
      ["x-b", "2"],
    ]),
  );
  stream.requestHeaders(true);
  const passed = { head: driver.lines[0], hasFailed: stream.slotReport(0).error !== null };
  stream.finish();
  stream.end();
  return passed;
}

/** The least depth at which it fails, near enough. */
function end(artifact: ModuleArtifact): number {
  let [fits, fails] = [0, 200_000];
  while (fails - fits > 1) {
    const middle = (fits + fails) >> 1;
    if (pass(artifact, middle).hasFailed) fails = middle;
    else fits = middle;
  }
  return fits;
}

describe("At the end of the stack, a filter that", () => {
  it.each(Object.entries(EDITS))("%s has done it, or nothing", (_, edit) => {
    const artifact = filter(edit);
    const edited = pass(artifact, 0);
    expect(edited.hasFailed).toBe(false);
    const around = end(artifact);
    for (let depth = around - 10; depth < around + 40; depth++) {
      const { head, hasFailed } = pass(artifact, depth);
      expect(head).toBe(hasFailed ? "> GET /a x-a:1 x-b:2 end" : edited.head);
    }
  });
});
