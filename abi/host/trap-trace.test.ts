// A trap of a filter in AssemblyScript names functions, files and lines, though the meter has moved every instruction.
import asc from "assemblyscript/asc";
import { beforeAll, describe, expect, it } from "vitest";
import { prepareModule } from "../module/artifact.ts";
import { SOURCE_MAP_BYTES_MAX } from "./source-map.ts";
import { GuestFailure } from "./guest-failure.ts";
import { MemoryServices } from "./memory-services.ts";
import { Plugin } from "./plugin.ts";
import type { StreamContext } from "./stream-context.ts";

/** What traps stands on the lines that say so; loops, stores and calls before it are what the meter adds to. */
const SOURCE = `let sum: i32 = 0;
const zero = memory.data(64);
function mix(n: i32): i32 {
  for (let i = 0; i < n; i++) store<i32>(zero + (i & 7) * 4 + 4, sum += i);
  return sum;
}
function divide(n: i32): i32 {
  mix(n);
  memory.fill(zero + 32, 1, 16);
  return n / load<i32>(zero); // traps: divide
}
function recur(n: i32): i32 {
  if (n > 3) return recur(n - 1) + mix(n); // on the way: recur
  return divide(n) + 1; // on the way: divide
}
function outside(n: i32): i32 {
  return mix(n) + load<i32>(-8); // traps: outside
}
export function proxy_on_request_headers(id: i32, count: i32, end: i32): i32 {
  mix(20);
  if (count == 1) return recur(5); // on the way: entry
  if (count == 2) return outside(3);
  while (count == 3) mix(1000); // runs out
  return 0;
}
export function proxy_abi_version_0_2_1(): void {}
`;

const lineOf = (mark: string): number => SOURCE.split("\n").findIndex((line) => line.includes(`// ${mark}`)) + 1;

interface Compiled {
  readonly wasm: Uint8Array;
  readonly map: string;
}

async function compile(...flags: string[]): Promise<Compiled> {
  const written = new Map<string, string | Uint8Array>();
  const { error, stderr } = await asc.main(
    ["filter.ts", "--outFile", "filter.wasm", "--runtime", "stub", "--sourceMap", "--debug", ...flags],
    {
      readFile: (name) => (name === "filter.ts" ? SOURCE : null),
      writeFile: (name, contents) => void written.set(name, contents),
      listFiles: () => [],
    },
  );
  if (error !== null) throw new Error(stderr.toString());
  return { wasm: written.get("filter.wasm") as Uint8Array, map: String(written.get("filter.wasm.map")) };
}

/** Nothing of a stream is asked for. */
const STREAM = {} as StreamContext;

function failureOf({ wasm, map }: Compiled, count: number, sourceMap: string | null = map): GuestFailure {
  const spec = {
    slot: "s",
    filter: "f",
    version: "sha256:v",
    revision: "sha256:r",
    pluginName: "f",
    rootId: "",
    vmId: "f",
    pluginConfig: new Uint8Array(0),
    vmConfig: new Uint8Array(0),
    environment: {},
    capabilities: [],
    limits: { memoryBytes: 1 << 24, fuel: 1_000_000, depth: 256 },
    isolation: "shared",
    requiresCheck: false,
    bodyCallbacks: "all",
    sourceMap,
  } as const;
  const plugin = new Plugin(prepareModule(wasm), spec, new MemoryServices());
  plugin.start();
  const instance = plugin.acquire()!;
  const id = instance.createStream(STREAM, 0);
  try {
    instance.requestHeaders(id, count, true);
  } catch (failure) {
    if (failure instanceof GuestFailure) return failure;
    throw failure;
  }
  throw new Error("nothing failed");
}

describe("A trap in AssemblyScript", () => {
  let plain: Compiled;
  let optimised: Compiled;
  beforeAll(async () => {
    plain = await compile();
    optimised = await compile("-O3");
  });

  it("names every function on the way with its file and line", () => {
    expect(failureOf(plain, 1).at).toBe(
      [
        `filter/divide (filter.ts:${lineOf("traps: divide")})`,
        `filter/recur (filter.ts:${lineOf("on the way: divide")})`,
        `filter/recur (filter.ts:${lineOf("on the way: recur")})`,
        `filter/recur (filter.ts:${lineOf("on the way: recur")})`,
      ].join(" < "),
    );
    expect(failureOf(plain, 2).at).toMatch(
      new RegExp(`^filter/outside \\(filter.ts:${lineOf("traps: outside")}\\) < filter/proxy_on_request_headers`),
    );
  });

  it("names the line in optimised code, where functions are within each other", () => {
    expect(failureOf(optimised, 1).at).toContain(`(filter.ts:${lineOf("traps: divide")})`);
    expect(failureOf(optimised, 2).at).toContain(`(filter.ts:${lineOf("traps: outside")})`);
  });

  it("names the loop that used up the fuel", () => {
    const failure = failureOf(plain, 3);
    expect(failure.cause).toBe("fuel");
    expect(failure.at).toMatch(/filter\/(mix|proxy_on_request_headers) \(filter\.ts:\d+\)/);
  });

  it.each([
    ["without a map", null],
    ["with a map that is broken", "{"],
    ["with a map that is too large", " ".repeat(SOURCE_MAP_BYTES_MAX + 1)],
    ["with a map of another module's lines", JSON.stringify({ version: 3, sources: ["b.ts"], mappings: "9999999A" })],
  ])("names functions alone %s", (_name, sourceMap) => {
    expect(failureOf(plain, 1, sourceMap).at).toBe("filter/divide < filter/recur < filter/recur < filter/recur");
  });
});
