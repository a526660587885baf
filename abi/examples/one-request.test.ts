// The example runs as it stands, and as the README shows it.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import wabtLoader from "wabt";

const EXAMPLE = join(import.meta.dirname, "one-request.ts");
const LINES_MAX = 30;

/** Adds `x-hello: there` to the request, or, when it has a configuration, answers 403 itself. */
const FILTER = `(module
  (import "env" "proxy_add_header_map_value" (func $add (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_send_local_response" (func $reply (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "x-hello") (data (i32.const 96) "there")
  (global $configured (mut i32) (i32.const 0))
  (func (export "proxy_abi_version_0_2_1"))
  (func (export "proxy_on_configure") (param i32 i32) (result i32) (global.set $configured (local.get 1)) (i32.const 1))
  (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
    (drop (call $log (i32.const 2) (i32.const 96) (i32.const 5)))
    (if (result i32) (global.get $configured)
      (then (call $reply (i32.const 403) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const -1)))
      (else (call $add (i32.const 0) (i32.const 64) (i32.const 7) (i32.const 96) (i32.const 5))))))`;

const folder = mkdtempSync(join(tmpdir(), "sluice-example-"));
const filter = join(folder, "filter.wasm");
const wabt = await wabtLoader();
writeFileSync(filter, wabt.parseWat("filter.wat", FILTER).toBinary({}).buffer);
afterAll(() => rmSync(folder, { recursive: true }));

const run = (...args: string[]): string =>
  execFileSync(process.execPath, [EXAMPLE, filter, ...args], {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });

describe("one-request", () => {
  it("shows what a filter lets through", () => {
    expect(run()).toBe(`the upstream gets [
  [ ':method', 'GET' ],
  [ ':path', '/hello' ],
  [ ':authority', 'example.com' ],
  [ 'user-agent', 'curl' ],
  [ 'x-hello', 'there' ]
]
the client gets [ [ ':status', '200' ] ]
log: there
`);
  });

  it("shows what a filter answers itself", () => {
    expect(run('{"deny": true}')).toBe(`the client gets [ [ ':status', '403' ], [ 'content-length', '0' ] ]
log: there
`);
  });

  it("has at most thirty lines, all of them in the README", () => {
    const example = readFileSync(EXAMPLE, "utf8");
    expect(example.trimEnd().split("\n").length).toBeLessThanOrEqual(LINES_MAX);
    expect(readFileSync(join(import.meta.dirname, "../README.md"), "utf8")).toContain(example);
  });
});
