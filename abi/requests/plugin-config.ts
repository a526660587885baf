import { canonicalJson } from "../documents/canonical-json.ts";

/** What a guest reads as its plugin configuration: JSON as RFC 8785 writes it, a string as it is, none as no bytes. */
export function pluginConfigBytes(pluginConfig: unknown): Uint8Array<ArrayBuffer> {
  if (pluginConfig === undefined || pluginConfig === null) return new Uint8Array(0);
  return new TextEncoder().encode(typeof pluginConfig === "string" ? pluginConfig : canonicalJson(pluginConfig));
}
