// A trap in every callback of a TCP connection, beside 99 connections that go on.
import { describe, expect, it } from "vitest";
import { Chain, MemoryConnection, MemoryServices, type ChainSlot, type Plugin } from "@sluice/abi";
import { CALLBACKS, CONNECTION } from "@sluice/abi/spec";
import { guestPlugin } from "./guest-plugin.ts";

const CONNECTIONS = 100;
const HARMED = 50;
const WHOLE = ["connect", '> "up"', '< "down"', "close downstream"];

const served = CALLBACKS.filter((row) => (CONNECTION as readonly string[]).includes(row.name));

/** Traps where the connection has the property `harm`; the other callbacks let everything pass. */
function guestText(trapsIn: string): string {
  const callbacks = served.map(({ name, params, result }) => {
    const type = `(param ${params.map(() => "i32").join(" ")}) ${result === null ? "" : "(result i32)"}`;
    const trap = `(if (i32.eqz (call $property (i32.const 64) (i32.const 4) (i32.const 16) (i32.const 20))) (then (unreachable)))`;
    return `(func (export "${name}") ${type} ${name === trapsIn ? trap : ""} ${result === null ? "" : "(i32.const 0)"})`;
  });
  return `(module (import "env" "proxy_get_property" (func $property (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1) (data (i32.const 64) "harm")
    (func (export "proxy_abi_version_0_2_1"))
    (func (export "proxy_on_memory_allocate") (param i32) (result i32) (i32.const 1024))
    ${callbacks.join("\n")})`;
}

function slotOf(plugin: Plugin, index: number): ChainSlot {
  const { slot, filter, version, revision } = plugin.spec;
  return {
    name: slot,
    index,
    revisions: [{ plugin, filter, version, revision, notLoaded: null, requiresCheck: false }],
    split: null,
    failOpen: 0,
    dryRun: false,
    bodyWhilePaused: false,
  };
}

describe.each(["stream", "shared"] as const)("With isolation: %s, a trap", (isolation) => {
  it.each(served)("in $name is contained", ({ name }) => {
    const services = new MemoryServices();
    const plugins = ["harmful", "harmless"].map((slot, at) =>
      guestPlugin(slot, guestText(at === 0 ? name : "nowhere"), services, { isolation }),
    );
    plugins.forEach((plugin) => plugin.start());
    const chain = new Chain(plugins.map(slotOf));
    // With a shared instance those that still need it fail with it; so here each connection ends before the next begins.
    const together = isolation === "stream";
    const all = Array.from({ length: CONNECTIONS }, (_, at) => {
      const connection = new MemoryConnection({ chain, properties: at === HARMED ? { harm: Buffer.from("1") } : {} });
      if (!together) live(connection);
      return connection;
    });
    if (together) for (const step of STEPS) for (const connection of all) step(connection);
    const { stream } = all[HARMED]!;
    expect(stream.reports()[0]!.failure).toContain(`failed in ${name}`);
    expect(stream.isEnded).toBe(true);
    const others = all.filter((_, at) => at !== HARMED).map(({ transcript }) => transcript);
    expect(others).toEqual(Array.from({ length: CONNECTIONS - 1 }, () => WHOLE));
  });
});

const STEPS: readonly ((connection: MemoryConnection) => void)[] = [
  (connection) => connection.clientSays("up"),
  (connection) => connection.upstreamSays("down"),
  (connection) => connection.upstreamCloses(),
  (connection) => connection.clientCloses(),
];

function live(connection: MemoryConnection): void {
  for (const step of STEPS) step(connection);
}
