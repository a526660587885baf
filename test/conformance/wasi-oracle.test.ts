// node:wasi as a second opinion, where a filter's WASI shall be like any other: how arguments and environment are laid out,
// what writing says, which calls are refused. What differs on purpose (no clocks but two, no files, logs for descriptors) is
// tested in wasi.test.ts.
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { WASI } from "node:wasi";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { WASI_MODULES } from "@sluice/abi/spec";
import { call, guestBytes, OUT, run, STATUSES_AT, type Call, type GuestOptions } from "./kit/guest.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-wasi-"));
const stdoutPath = join(folder, "stdout");
afterAll(() => rmSync(folder, { recursive: true }));

const IOVS_AT = 512;
const TEXT_AT = 600;
const PAGE = 65_536;

interface Answer {
  readonly errnos: readonly number[];
  /** What the guest may have been given: everything below its blocks. */
  readonly memory: string;
  readonly stdout: string;
}

const { WASI: NodeWasi } = await withoutWarning(() => import("node:wasi"));

/** It is marked experimental, and says so on stderr. */
async function withoutWarning<T>(load: () => Promise<T>): Promise<T> {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return await load();
  } finally {
    process.emitWarning = emitWarning;
  }
}

function askNode(calls: readonly Call[], environment: Record<string, string>, options: GuestOptions): Answer {
  const stdout = openSync(stdoutPath, "w");
  const wasi: WASI = new NodeWasi({ version: "preview1", args: [], env: environment, stdout, stderr: stdout });
  const module = new WebAssembly.Module(new Uint8Array(guestBytes(calls, options)));
  const instance = new WebAssembly.Instance(module, {
    [WASI_MODULES[0]]: wasi.wasiImport as WebAssembly.Imports[string],
  });
  wasi.initialize(instance);
  (instance.exports["proxy_on_request_headers"] as (...args: number[]) => number)(2, 0, 0);
  closeSync(stdout);
  const memory = new Uint8Array((instance.exports["memory"] as WebAssembly.Memory).buffer);
  return answerOf(calls, memory, readFileSync(stdoutPath, "utf8"));
}

function askOurs(calls: readonly Call[], environment: Record<string, string>, options: GuestOptions): Answer {
  const { memory, logs } = run(calls, { ...options, settings: { environment } });
  return answerOf(calls, memory, logs.map(({ message }) => `${message}\n`).join(""));
}

function answerOf(calls: readonly Call[], memory: Uint8Array, stdout: string): Answer {
  const view = new DataView(memory.buffer, memory.byteOffset);
  const errnos = calls.map((_, i) => view.getUint32(STATUSES_AT + i * 4, true));
  return { errnos, memory: Buffer.from(memory.subarray(0, 32_768)).toString("latin1"), stdout };
}

function expectTheSame(
  calls: readonly Call[],
  environment: Record<string, string> = {},
  options: GuestOptions = {},
): void {
  expect(askOurs(calls, environment, options)).toEqual(askNode(calls, environment, options));
}

/** Vectors, and the texts behind them. */
function vectors(...texts: string[]): NonNullable<GuestOptions["data"]> {
  const iovs = Buffer.alloc(texts.length * 8);
  let at = TEXT_AT;
  texts.forEach((text, i) => {
    iovs.writeUInt32LE(at, i * 8);
    iovs.writeUInt32LE(Buffer.byteLength(text), i * 8 + 4);
    at += Buffer.byteLength(text);
  });
  return [
    [IOVS_AT, iovs],
    [TEXT_AT, texts.join("")],
  ];
}

describe("As node:wasi does it", () => {
  // Asked to write an empty list, node answers INVAL where libraries that did not look at the count expect success.
  it("there are no arguments", () => {
    expectTheSame([call("args_sizes_get", OUT, OUT)]);
  });

  it("the environment is laid out", () => {
    const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/);
    const value = fc.string({ unit: "grapheme", maxLength: 12 }).filter((text) => !text.includes("\0"));
    const environment = fc.dictionary(name, value, { minKeys: 1, maxKeys: 5, noNullPrototype: true });
    const calls = [call("environ_sizes_get", OUT, OUT), call("environ_get", 2048, 2560)];
    fc.assert(
      fc.property(environment, (variables) => expectTheSame(calls, variables)),
      { numRuns: 25 },
    );
  });

  it.each([1, 2])("descriptor %i is written to and says how much", (fd) => {
    expectTheSame([call("fd_write", fd, IOVS_AT, 3, OUT)], {}, { data: vectors("hello ", "wörld", "\n") });
  });

  it.each<readonly [remark: string, made: Call]>([
    ["a descriptor that is not open", call("fd_write", 99, IOVS_AT, 1, OUT)],
    ["its preopened folder, of which there is none", call("fd_prestat_get", 3, OUT)],
    ["the state of a descriptor that is not open", call("fd_fdstat_get", 99, 2048)],
    ["where a descriptor is that is not open", call("fd_tell", 99, OUT)],
  ])("it refuses %s", (_, made) => {
    expectTheSame([made], {}, { data: vectors("x") });
  });

  it.each([0, 1, 32, 65_536])("it gives %i random bytes", (size) => {
    const { errnos } = askNode([call("random_get", 0, 0)], {}, {});
    expect(run([call("random_get", 0, size)]).statuses).toEqual(errnos);
  });

  it("it yields, and has clocks 0 and 1", () => {
    const calls = [call("sched_yield"), call("clock_time_get", 0, 0n, OUT), call("clock_time_get", 1, 0n, OUT)];
    expect(askOurs(calls, {}, {}).errnos).toEqual(askNode(calls, {}, {}).errnos);
  });

  // Which errno says so differs: node has OVERFLOW and INVAL where cpp-host, which filters are built against, has FAULT and NOTSUP.
  it.each<readonly [name: string, ...args: (number | bigint | typeof OUT)[]]>([
    ["args_sizes_get", PAGE, OUT],
    ["environ_sizes_get", OUT, PAGE - 3],
    ["environ_get", PAGE - 2, 2048],
    ["environ_get", 2048, PAGE - 2],
    ["fd_write", 1, PAGE - 7, 1, OUT],
    ["fd_write", 1, IOVS_AT, 1, PAGE - 3],
    ["clock_time_get", 0, 0n, PAGE - 7],
    ["clock_time_get", 9, 0n, OUT],
    ["clock_res_get", 0, PAGE - 7],
    ["random_get", PAGE - 31, 32],
    ["random_get", -1, 1],
    ["fd_fdstat_get", 1, PAGE - 23],
  ])("it refuses %s(%s, …) and writes nothing", (name, ...args) => {
    const options = { data: vectors("x") };
    const [ours, node] = [askOurs, askNode].map((ask) => ask([call(name as string, ...args)], { A: "B" }, options));
    expect([ours!.errnos[0] !== 0, node!.errnos[0] !== 0]).toEqual([true, true]);
    expect([ours!.stdout, ours!.memory.slice(64)]).toEqual([node!.stdout, node!.memory.slice(64)]);
  });
});
