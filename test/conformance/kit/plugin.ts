// A plugin made from WebAssembly text, for tests of its life rather than of one hostcall.
import { MemoryServices, Plugin, prepareModule, type HostServices, type PluginSpec } from "@sluice/abi";
import { specOf } from "./guest.ts";
import { assemble } from "./wat.ts";

export interface Started {
  readonly plugin: Plugin;
  readonly services: MemoryServices;
}

/** The parts of a module that every guest has; `body` adds to them. */
export function guestModule(body: string): Uint8Array {
  return assemble(`(module ${body}
    (memory (export "memory") 1)
    (func (export "proxy_abi_version_0_2_1")))`);
}

/** A plugin that is not started yet. */
export function makePlugin(body: string, spec: Partial<PluginSpec> = {}, services?: HostServices): Started {
  const memory = (services as MemoryServices | undefined) ?? new MemoryServices();
  return { plugin: new Plugin(prepareModule(guestModule(body)), specOf(spec), memory), services: memory };
}

export function startPlugin(body: string, spec: Partial<PluginSpec> = {}): Started {
  const started = makePlugin(body, spec);
  started.plugin.start();
  return started;
}
