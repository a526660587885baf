// How the behaviour table's expectations are held against what was seen: what a row does not name is not looked at.

/** Of `seen` what `wanted` has, null for what is not there. */
export function onlyNamed(seen: unknown, wanted: unknown): unknown {
  if (!isRecord(wanted) || !isRecord(seen)) return seen ?? null;
  return Object.fromEntries(Object.entries(wanted).map(([name, value]) => [name, onlyNamed(seen[name], value)]));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
