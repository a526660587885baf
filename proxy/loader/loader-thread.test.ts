import type { PluginSpec } from "@sluice/abi";
import { DEFAULT_CAPABILITIES } from "@sluice/abi/spec";
import { afterAll, describe, expect, it } from "vitest";
import wabtInit from "wabt";
import { REHEARSED_STREAMS_MAX } from "./limits.ts";
import { LoaderThread } from "./loader-thread.ts";

const wabt = await wabtInit();

/** A filter whose configure does `body`. */
function filterConfiguring(body: string, imports = ""): Uint8Array {
  return filterWith(`(func (export "proxy_on_configure") (param i32 i32) (result i32) ${body})`, imports);
}

/** A filter whose callback for request headers does `body`. */
function filterAnswering(body: string): Uint8Array {
  return filterWith(`(func (export "proxy_on_context_create") (param i32 i32))
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) ${body})`);
}

function filterWith(functions: string, imports = ""): Uint8Array {
  const parsed = wabt.parseWat(
    "filter.wat",
    `(module ${imports} (memory (export "memory") 1) (data (i32.const 0) "node\\00id")
      (func (export "proxy_abi_version_0_2_1"))
      (func (export "proxy_on_memory_allocate") (param i32) (result i32) (i32.const 1024)) ${functions})`,
  );
  try {
    return parsed.toBinary({}).buffer;
  } finally {
    parsed.destroy();
  }
}

const spec: PluginSpec = {
  slot: "gate",
  filter: "gate",
  version: "v",
  revision: "r",
  pluginName: "gate",
  rootId: "gate",
  vmId: "gate",
  pluginConfig: new TextEncoder().encode("{}"),
  vmConfig: new Uint8Array(0),
  environment: {},
  capabilities: DEFAULT_CAPABILITIES,
  limits: { memoryBytes: 1024 * 1024, fuel: 5_000_000, depth: 1_024 },
  isolation: "stream",
  requiresCheck: false,
  bodyCallbacks: "all",
};
const PAGES = 16;
/** Burns its fuel in seconds: each root waits for the one before it. */
const SLOWLY = `(local $x f64) (local.set $x (f64.const 2))
  (loop $l (local.set $x ${"(f64.sqrt ".repeat(50)}(local.get $x)${")".repeat(50)}) (br $l)) (i32.const 1)`;
const FOREVER = "(loop $l (br $l)) (i32.const 1)";

const begin = { nodeId: "here", logLevel: 2 } as const;
const loader = new LoaderThread(begin);
afterAll(() => loader.close());

async function started(body: string, thread = loader): Promise<void> {
  await thread.start(await thread.compile(filterConfiguring(body), PAGES), spec);
}

describe("LoaderThread", () => {
  it("compiles a module that runs here, and starts it with a configuration", async () => {
    const artifact = await loader.compile(filterConfiguring("(i32.const 1)"), PAGES);
    expect(artifact.inspection).toMatchObject({ abi: "0.2.1", callbacks: ["proxy_on_configure"] });
    expect(WebAssembly.Module.exports(artifact.module).map(({ name }) => name)).toContain("proxy_on_configure");
    await loader.start(artifact, spec);
  });

  it("hands the configuration over as it is", async () => {
    await started("(i32.eq (local.get 1) (i32.const 2))");
  });

  it("tells a filter the node it will run on, as workers do", async () => {
    const property = `(import "env" "proxy_get_property" (func $property (param i32 i32 i32 i32) (result i32)))`;
    const isHere = `(i32.eqz (call $property (i32.const 0) (i32.const 7) (i32.const 64) (i32.const 68)))
      (i32.eq (i32.load (i32.load (i32.const 64))) (i32.const 0x65726568)) (i32.and)`;
    await loader.start(await loader.compile(filterConfiguring(isHere, property), PAGES), spec);
  });

  it.each([
    { name: "a module that is none", module: new Uint8Array(8), code: "E1101" },
    {
      name: "a module that starts above its memory",
      module: filterConfiguring("(i32.const 1)"),
      pages: 0,
      code: "E1110",
    },
  ])("refuses to compile $name", async ({ module, pages = PAGES, code }) => {
    await expect(loader.compile(module, pages)).rejects.toMatchObject({ code: `SLUICE-${code}` });
  });

  it.each([
    { name: "says no to its configuration", body: "(i32.const 0)", code: "E1203", says: /gate.*returned false/ },
    { name: "traps", body: "unreachable", code: "E1202", says: /unreachable/ },
    { name: "loops for ever, by its fuel", body: FOREVER, code: "E1202", says: /fuel/ },
  ])("refuses a filter that $name", async ({ body, code, says }) => {
    const refused = started(body);
    await expect(refused).rejects.toMatchObject({ code: `SLUICE-${code}` });
    await expect(refused).rejects.toThrow(says);
  });

  it("answers questions asked at the same time, each its own", async () => {
    const answers = await Promise.allSettled([
      started("(i32.const 1)"),
      started("(i32.const 0)"),
      started("unreachable"),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected"]);
  });

  it("plays a filter requests and tells how long its start took", async () => {
    const artifact = await loader.compile(filterConfiguring("(i32.const 1)"), PAGES);
    const { startMs, streams } = await loader.rehearse(artifact, spec, 10_000);
    expect(streams).toBe(REHEARSED_STREAMS_MAX);
    expect(startMs).toBeGreaterThan(0);
  });

  it.each([
    { name: "ends in time", callback: "(i32.const 0)", ms: 1, least: 0, most: REHEARSED_STREAMS_MAX - 1 },
    { name: "ends with the first failure", callback: "unreachable", ms: 10_000, least: 0, most: 0 },
    { name: "gives up what waits for an answer", callback: "(i32.const 1)", ms: 10_000, least: 3_000, most: 3_000 },
  ])("$name of requests that it plays", async ({ callback, ms, least, most }) => {
    const artifact = await loader.compile(filterAnswering(callback), PAGES);
    const { streams } = await loader.rehearse(artifact, spec, ms);
    expect(streams).toBeGreaterThanOrEqual(least);
    expect(streams).toBeLessThanOrEqual(most);
  });

  it("is ended when a start takes too long, and is there again for the next", async () => {
    const impatient = new LoaderThread(begin, { wallMs: 1_000 });
    const artifact = await loader.compile(filterConfiguring(SLOWLY), PAGES);
    const refused = impatient.start(artifact, spec);
    await expect(refused).rejects.toMatchObject({ code: "SLUICE-E1121" });
    await expect(refused).rejects.toThrow("still starting after 1000 ms");
    await started("(i32.const 1)", impatient);
    impatient.close();
  });
});
