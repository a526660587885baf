import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "@sluice/abi";
import wabtLoader from "wabt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCli } from "./cli.ts";

const GOOD = `(module
  (import "env" "proxy_get_shared_data" (func (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1 8)
  (table 2 4 funcref)
  (func (export "proxy_abi_version_0_2_1"))
  (func $answer (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
    (table.set (i32.const 0) (ref.null func)) (i32.const 0)))`;
const BAD = `(module (import "env" "__cxa_throw" (func)) (memory (export "memory") 1) (func (export "proxy_abi_version_0_2_1")))`;

const { parseWat } = await wabtLoader();
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-inspect-"));
  for (const [name, text] of [
    ["good.wasm", GOOD],
    ["bad.wasm", BAD],
  ] as const) {
    const parsed = parseWat(name, text, { reference_types: true, bulk_memory: true });
    writeFileSync(join(folder, name), parsed.toBinary({ write_debug_names: true }).buffer);
    parsed.destroy();
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function run(...args: string[]): Promise<Ended> {
  return runSluice(["inspect", ...args]);
}

async function runSluice(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const lines = { out: [] as string[], err: [] as string[] };
  const code = await runCli(args, {
    cwd: folder,
    env,
    out: (text) => void lines.out.push(text),
    err: (text) => void lines.err.push(text),
    drained: () => Promise.resolve(),
    closed: () => new Promise(() => undefined),
  });
  return { code, out: lines.out.join("\n"), err: lines.err.join("\n") };
}

function bytesOf(text: string): Uint8Array {
  const parsed = parseWat("x.wat", text);
  return parsed.toBinary({}).buffer;
}

describe("sluice inspect", () => {
  it("prints what a module needs, offers and may cost", async () => {
    const { code, out } = await run("good.wasm");
    expect(code).toBe(0);
    for (const line of [
      /^ABI +proxy-wasm 0\.2\.1$/m,
      /^memory +1 to 8 pages of 64 KiB$/m,
      /^table +of functions, 2 to 4 entries$/m,
      /^capabilities +none; to be granted: sharedData$/m,
      /^callbacks +proxy_on_request_headers$/m,
      /^compiling +at most about 1 ms; dearest is function 2 "answer": \d+ bytes, \d+ values, 0\.0 % of the bound$/m,
      /^put back +made anew for each stream, for table\.set in function 2 "answer"$/m,
      /^ {2}proxy_on_request_headers +\(i32, i32, i32\) → i32$/m,
      /^ {2}env\.proxy_get_shared_data .* Grant it to the revision: capabilities: \[sharedData\]\.$/m,
      /^ {2}code +\d+ bytes$/m,
    ]) {
      expect(out).toMatch(line);
    }
  });

  it("prints the whole inspection as JSON", async () => {
    const { out } = await run("good.wasm", "--json");
    expect(JSON.parse(out)).toMatchObject({ abi: "0.2.1", resettable: false, tables: [{ maxEntries: 4 }] });
  });

  it("says a refusal in the words of inspect(), with the advice", async () => {
    const result = inspect(bytesOf(BAD));
    expect(result.ok).toBe(false);
    const refusal = result.ok ? null : result.refusal;
    const json = await run("bad.wasm", "--json");
    expect([json.code, JSON.parse(json.err)]).toEqual([1, refusal]);
    const { err } = await run("bad.wasm");
    expect(err.split("\n")).toEqual([`error: ${refusal!.message}`, `  ${refusal!.hint}`, `  ${refusal!.code}`]);
    expect(refusal!.hint).toMatch(/-fno-exceptions/);
  });
});

describe("sluice push", () => {
  it("says the registry's refusal of a module in the words of inspect()", async () => {
    const result = inspect(bytesOf(BAD));
    if (result.ok) throw new Error("the module was not refused");
    const { refusal } = result;
    const registry = createServer((request, response) => {
      request.resume().on("end", () => {
        response.writeHead(422, { "content-type": "application/json" });
        response.end(JSON.stringify({ ...refusal, proof: { ok: false, refusal } }));
      });
    });
    await new Promise<void>((resolve) => registry.listen(0, "127.0.0.1", resolve));
    const address = `http://127.0.0.1:${(registry.address() as AddressInfo).port}`;
    const pushed = ["push", "bad.wasm", "--name", "bad", "--registry", address];
    const json = await runSluice([...pushed, "--json"], { SLUICE_TOKEN: "t" });
    const text = await runSluice(pushed, { SLUICE_TOKEN: "t" });
    registry.closeAllConnections();
    registry.close();
    expect([json.code, JSON.parse(json.err)]).toEqual([1, refusal]);
    expect(text.err.split("\n")).toEqual([`error: ${refusal.message}`, `  ${refusal.hint}`, `  ${refusal.code}`]);
  });
});
