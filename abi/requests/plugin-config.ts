// A configuration as the guest gets it: RFC 8785 JSON (keys sorted by UTF-16 units, no spaces), a string as it is,
// nothing as zero bytes. The same value always gives the same bytes, wherever it was read.

export function pluginConfigBytes(config: unknown): Uint8Array {
  if (config === undefined || config === null) return new Uint8Array(0);
  return Buffer.from(typeof config === "string" ? config : sortedJson(config));
}

function sortedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, member]) => `${JSON.stringify(key)}:${sortedJson(member)}`).join(",")}}`;
}
