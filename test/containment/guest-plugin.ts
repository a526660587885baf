// A plugin made from WebAssembly text, with what a filter of a deployment would have.
import { Plugin, prepareModule, type HostServices, type PluginSpec } from "@sluice/abi";
import { CAPABILITY_FAMILIES } from "@sluice/abi/spec";
import wabtLoader from "wabt";

const { parseWat } = await wabtLoader();

/** Not started yet. It may do everything, unless `spec` says otherwise. */
export function guestPlugin(
  name: string,
  text: string,
  services: HostServices,
  spec: Partial<PluginSpec> = {},
): Plugin {
  return new Plugin(
    prepareModule(moduleOf(text)),
    {
      slot: name,
      filter: name,
      version: "sha256:v",
      revision: "sha256:r",
      pluginName: name,
      rootId: "",
      vmId: name,
      pluginConfig: new Uint8Array(0),
      vmConfig: new Uint8Array(0),
      environment: {},
      capabilities: CAPABILITY_FAMILIES,
      limits: { memoryBytes: 16 * 1024 * 1024, fuel: 5_000_000, depth: 1_024 },
      isolation: "stream",
      requiresCheck: false,
      bodyCallbacks: "all",
      ...spec,
    },
    services,
  );
}

/** The binary of a module's text, with its names. */
export function moduleOf(text: string): Uint8Array<ArrayBuffer> {
  const parsed = parseWat("guest.wat", text, { bulk_memory: true, reference_types: true, simd: true });
  try {
    return Uint8Array.from(parsed.toBinary({ write_debug_names: true }).buffer);
  } finally {
    parsed.destroy();
  }
}
