// The buffer a hostcall means by its type: bytes of the stream, a configuration, or what came from outside.

import { BufferType } from "../spec/enums.ts";
import type { Caller } from "./caller.ts";
import { isConfiguring } from "./moment.ts";
import type { StreamBody, StreamBufferType } from "./stream-context.ts";

export function isBufferType(type: number): boolean {
  return type >>> 0 <= BufferType.CallData;
}

/** Only bodies and TCP data may be changed. */
export function isReadOnlyBuffer(type: number): boolean {
  return type > BufferType.UpstreamData;
}

export function bodyOf(guest: Caller, type: number): StreamBody | null {
  const { stream, slot } = guest.acting;
  return stream === null || isReadOnlyBuffer(type) ? null : stream.body(slot, type as StreamBufferType);
}

/** The plugin's configuration is readable while it configures, the VM's always, an answer while it is being told. */
export function readOnlyBytesOf(guest: Caller, type: number): Uint8Array | null {
  if (type === BufferType.VmConfiguration) return guest.scope.spec.vmConfig;
  if (type === BufferType.PluginConfiguration && isConfiguring(guest)) return guest.scope.spec.pluginConfig;
  return guest.arrival?.buffers[type] ?? null;
}
