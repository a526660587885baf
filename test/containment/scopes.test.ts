// What a filter may reach: the hostcalls of the families it was granted, and the shared data of its own vm id.
import { describe, expect, it } from "vitest";
import { chainOfOne, headOf, MemoryServices, RecordedExchange, takeStream, type PluginSpec } from "@sluice/abi";
import {
  CAPABILITY_FAMILIES,
  HOSTCALLS,
  POLICY_HOSTCALLS,
  Status,
  WASI_FUNCTIONS,
  WASI_MODULES,
  Errno,
  wireParams,
  type Param,
} from "@sluice/abi/spec";
import { guestPlugin } from "./guest-plugin.ts";

interface Ungranted {
  readonly module: string;
  readonly name: string;
  readonly params: readonly Param[];
  readonly family: string;
  /** What it answers without the grant. */
  readonly answer: number;
}

const UNGRANTED: readonly Ungranted[] = [
  ...[...HOSTCALLS, ...POLICY_HOSTCALLS].map((row) => ({ ...row, answer: Status.InternalFailure })),
  ...WASI_FUNCTIONS.filter(({ fixed, result }) => fixed === null && result === "errno").map((row) => ({
    ...row,
    module: WASI_MODULES[0],
    answer: Errno.Notcapable,
  })),
].filter(({ family }) => family !== "always");

describe("A hostcall of a family that was not granted", () => {
  it.each(UNGRANTED)("answers so, and says once what to grant: $name", ({ module, name, params, family, answer }) => {
    const types = wireParams(params).map(({ type }) => type);
    const call = `(call $f ${types.map((type) => `(${type}.const 0)`).join(" ")})`;
    const { error, services } = play(
      `(import "${module}" "${name}" (func $f (param ${types.join(" ")}) (result i32)))`,
      `(if (i32.ne ${call} (i32.const ${answer})) (then (unreachable)))`.repeat(2),
      { capabilities: CAPABILITY_FAMILIES.filter((granted) => granted !== family) },
    );
    expect(error).toBeNull();
    const lines = services.logs.map(({ message }) => message);
    expect(lines).toEqual([
      `${name} was refused: the revision in slot guest has no grant for it; add to the revision: capabilities: [${family}]`,
    ]);
  });
});

const SHARED = `(import "env" "proxy_get_shared_data" (func $get (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_shared_data" (func $set (param i32 i32 i32 i32 i32) (result i32)))`;
const WRITE = "(drop (call $set (i32.const 64) (i32.const 3) (i32.const 64) (i32.const 3) (i32.const 0)))";
/** Traps when the key is there. */
const MISS = `(if (i32.eqz (call $get (i32.const 64) (i32.const 3) (i32.const 16) (i32.const 20) (i32.const 24))) (then (unreachable)))`;

describe("Shared data", () => {
  it("of one vm id is not there for another", () => {
    const services = new MemoryServices();
    expect(play(SHARED, WRITE, { vmId: "one" }, services).error).toBeNull();
    expect(play(SHARED, MISS, { vmId: "two" }, services).error).toBeNull();
    expect(play(SHARED, MISS, { vmId: "" }, services).error).toBeNull();
    expect(play(SHARED, MISS, { vmId: "one" }, services).error).toBe("trap");
  });

  it("is not found by a vm id and a key that are put together otherwise", () => {
    const services = new MemoryServices();
    play(SHARED, WRITE, { vmId: "one" }, services);
    for (const vmId of ["one\0", "onek", "on"]) expect(play(SHARED, MISS, { vmId }, services).error).toBeNull();
  });
});

interface Played {
  readonly error: string | null;
  readonly services: MemoryServices;
}

/** One stream whose head meets `code`; the cause of its failure. */
function play(
  imports: string,
  code: string,
  spec: Partial<PluginSpec>,
  services: MemoryServices = new MemoryServices(),
): Played {
  const text = `(module ${imports} (memory (export "memory") 1) (data (i32.const 64) "key")
    (func (export "proxy_abi_version_0_2_1")) (func (export "sluice_policy_abi_version_1"))
    (func (export "proxy_on_memory_allocate") (param i32) (result i32) (i32.const 1024))
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) ${code} (i32.const 0)))`;
  const plugin = guestPlugin("guest", text, services, spec);
  plugin.start();
  const chain = chainOfOne(plugin);
  const stream = takeStream();
  stream.open(chain, chain.all, new RecordedExchange(chain.all, new Map()), headOf([[":method", "GET"]]));
  stream.requestHeaders(true);
  stream.finish();
  stream.end();
  plugin.close();
  return { error: stream.slotReport(0).error?.cause ?? null, services };
}
