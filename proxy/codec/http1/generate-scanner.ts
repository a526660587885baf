// Compiles `assembly/scan-fields.ts` into `generated/scan-fields.ts`, so that no compiler is needed where the proxy runs.
// With --check it writes nothing and exits 1 when the file on disk is another.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import asc from "assemblyscript/asc";

const SOURCE = "assembly/scan-fields.ts";
const TARGET = join(import.meta.dirname, "generated/scan-fields.ts");

const FLAGS = ["--runtime", "stub", "-O3", "--converge", "--noAssert", "--importMemory", "--enable", "simd"];

async function generate(): Promise<string> {
  let module: Uint8Array | null = null;
  const { error, stderr } = await asc.main([SOURCE, "--outFile", "module.wasm", ...FLAGS], {
    readFile: (name) => (name === SOURCE ? readFileSync(join(import.meta.dirname, SOURCE), "utf8") : null),
    writeFile: (_name, contents) => void (module = contents as Uint8Array),
    listFiles: () => [],
  });
  if (error !== null || module === null) throw new Error(`${SOURCE} does not compile:\n${stderr.toString()}`);
  const text = Buffer.from(module).toString("base64");
  const lines = text.match(/.{1,110}/g)!.map((line) => `  "${line}"`);
  return `// Generated from proxy/codec/http1/${SOURCE} by \`npm run generate\`. Do not edit.

/** A WebAssembly module, in base64. */
export const SCAN_FIELDS =
${lines.join(" +\n")};
`;
}

const text = await generate();
if (!process.argv.includes("--check")) writeFileSync(TARGET, text);
else if (readFileSync(TARGET, "utf8") !== text) {
  console.error("proxy/codec/http1/generated/scan-fields.ts is not what its source compiles to: npm run generate");
  process.exitCode = 1;
}
