// Prints the conformance table: for each hostcall, in which callbacks it can have its effect and in which not.
import { ANY, MOMENTS } from "../callbacks.ts";
import { HOSTCALLS } from "../hostcalls.ts";
import { POLICY_HOSTCALLS } from "../policy.ts";
import type { HostcallRow } from "../row.ts";
import { GENERATED_BY, type GeneratedFile } from "./generated-file.ts";

/** test/conformance/generated/matrix.ts */
export function printMatrix(): GeneratedFile {
  const rows = [...HOSTCALLS, ...POLICY_HOSTCALLS].map(printRow);
  const text = [
    `// ${GENERATED_BY}`,
    'import type { AbiVersion } from "@sluice/abi/spec";',
    "",
    "/** One hostcall: where it can have its effect. `start` and `allocator` are moments, not callbacks. */",
    "export interface MatrixRow {",
    "  readonly hostcall: string;",
    '  readonly module: "env" | "sluice";',
    "  readonly versions: readonly AbiVersion[];",
    "  readonly allowedIn: readonly string[];",
    "  readonly refusedIn: readonly string[];",
    "}",
    "",
    "export const MATRIX: readonly MatrixRow[] = [",
    ...rows,
    "];",
    "",
  ].join("\n");
  return { path: "test/conformance/generated/matrix.ts", text };
}

function printRow(row: HostcallRow): string {
  const everywhere: readonly string[] = [...MOMENTS, ...ANY];
  const allowed = everywhere.filter((name) => row.callbacks.includes(name));
  const refused = everywhere.filter((name) => !row.callbacks.includes(name));
  return [
    "  {",
    `    hostcall: "${row.name}",`,
    `    module: "${row.module}",`,
    `    versions: ${JSON.stringify(row.versions)},`,
    `    allowedIn: ${JSON.stringify(allowed)},`,
    `    refusedIn: ${JSON.stringify(refused)},`,
    "  },",
  ].join("\n");
}
