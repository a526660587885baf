// A plugin made from WebAssembly text, for tests of its life rather than of one hostcall.
import { MemoryServices, Plugin, prepareModule, type HostServices, type PluginSpec } from "@sluice/abi";
import { specOf } from "./sluice-host.ts";
import { guestModule } from "./wat.ts";

export interface Started {
  readonly plugin: Plugin;
  readonly services: MemoryServices;
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
