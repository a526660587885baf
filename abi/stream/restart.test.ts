import wabtLoader from "wabt";
import { describe, expect, it } from "vitest";
import { headOf } from "../head/head.ts";
import { MemoryServices } from "../host/memory-services.ts";
import { Plugin, type PluginSpec } from "../host/plugin.ts";
import { prepareModule } from "../module/artifact.ts";
import { FAIL_OPEN_DEFAULT } from "./cause.ts";
import { Chain } from "./chain.ts";
import { RecordingDriver } from "./fixtures/recording-driver.ts";
import { takeStream } from "./stream.ts";

const wabt = await wabtLoader();

/** Traps at every request, and will not be configured again: its request left a note of itself. Its table keeps it from being put back. */
const BREAKS_ITSELF = `(module
  (import "env" "proxy_define_metric" (func $define (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_increment_metric" (func $increment (param i32 i64) (result i32)))
  (import "env" "proxy_get_metric" (func $read (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "requests")
  (table $table 1 funcref)
  (func (export "proxy_abi_version_0_2_1"))
  (func $metric (result i32)
    (drop (call $define (i32.const 0) (i32.const 64) (i32.const 8) (i32.const 0)))
    (i32.load (i32.const 0)))
  (func (export "proxy_on_configure") (param i32 i32) (result i32)
    (table.set $table (i32.const 0) (ref.null func))
    (drop (call $read (call $metric) (i32.const 8)))
    (i64.eqz (i64.load (i32.const 8))))
  (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
    (drop (call $increment (call $metric) (i64.const 1)))
    (unreachable)))`;

const SPEC: PluginSpec = {
  slot: "s",
  filter: "f",
  version: "sha256:v",
  revision: "sha256:r",
  pluginName: "s",
  rootId: "",
  vmId: "s",
  pluginConfig: new Uint8Array(0),
  vmConfig: new Uint8Array(0),
  environment: {},
  capabilities: ["metrics"],
  limits: { memoryBytes: 1 << 20, fuel: 100_000, depth: 64 },
  isolation: "shared",
  requiresCheck: false,
  bodyCallbacks: "all",
};

function chainOf(text: string, failOpen: number): Chain {
  const parsed = wabt.parseWat("guest.wat", text, { reference_types: true });
  const plugin = new Plugin(prepareModule(parsed.toBinary({}).buffer), SPEC, new MemoryServices());
  parsed.destroy();
  plugin.start();
  const { filter, version, revision } = SPEC;
  const revisions = [{ plugin, filter, version, revision, notLoaded: null, requiresCheck: false }];
  return new Chain([{ name: "s", index: 0, revisions, split: null, failOpen, dryRun: false, bodyWhilePaused: false }]);
}

describe("A filter that a request keeps from being started again", () => {
  it("lets nothing pass under FAIL_OPEN: it was loaded, so the cause is a limit", () => {
    const chain = chainOf(BREAKS_ITSELF, FAIL_OPEN_DEFAULT);
    const outcomes = [1, 2].map(() => {
      const driver = new RecordingDriver(chain.all);
      const stream = takeStream();
      stream.open(
        chain,
        chain.all,
        driver,
        headOf([
          [":method", "GET"],
          [":path", "/a"],
          [":authority", "a.test"],
        ]),
      );
      stream.requestHeaders(true);
      const outcome = [stream.slotReport(0).error!.cause, driver.lines.some((line) => line.startsWith(">"))];
      stream.end();
      return outcome;
    });
    expect(outcomes).toEqual([
      ["trap", false],
      ["limit", false],
    ]);
  });
});
