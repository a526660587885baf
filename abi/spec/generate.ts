// Writes everything that is made from the specification: the host's types, the SDK's declarations, the reference page and
// the conformance table. With --check it writes nothing, names the files that differ and exits 1.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { printAssemblyEnums, printAssemblyHostcalls } from "./printers/assembly.ts";
import type { GeneratedFile } from "./printers/generated-file.ts";
import { printHostTypes } from "./printers/host-types.ts";
import { printMatrix } from "./printers/matrix.ts";
import { printReference } from "./printers/reference.ts";

const ROOT = join(import.meta.dirname, "../..");

/** Every generated file as it has to be now. */
export function generateAll(): GeneratedFile[] {
  return [printHostTypes(), printAssemblyHostcalls(), printAssemblyEnums(), printReference(), printMatrix()];
}

/** The paths of those files that are missing or differ on disk. */
export function staleFiles(): string[] {
  return generateAll()
    .filter(({ path, text }) => readOrNull(join(ROOT, path)) !== text)
    .map(({ path }) => path);
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

function writeAll(): void {
  for (const { path, text } of generateAll()) {
    mkdirSync(dirname(join(ROOT, path)), { recursive: true });
    writeFileSync(join(ROOT, path), text);
  }
}

function main(args: readonly string[]): void {
  if (!args.includes("--check")) {
    writeAll();
    return;
  }
  const stale = staleFiles();
  if (stale.length === 0) return;
  console.error(`Not as generated: ${stale.join(", ")}. Run: npm run generate`);
  process.exitCode = 1;
}

if (import.meta.main) main(process.argv.slice(2));
