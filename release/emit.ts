// From TypeScript to what Node runs below node_modules, where it strips no types: JavaScript and declarations of every file
// that is reachable from a package's faces and from the files that are started as threads and processes.

import { execFile } from "node:child_process";
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";

/** `new URL("./loader.ts", import.meta.url)`: how our code names a file that it starts. */
const startedFile = /new URL\("(\.{1,2}\/[^"]+)\.ts", import\.meta\.url\)/g;
const namedFile = /(?:^import |^} from |import\(|from |new URL\()"(\.{1,2}\/[^"]+)"/gm;
const importedFile = /(import\(|from )"(\.{1,2}\/[^"]+)\.ts"/g;

export interface Emission {
  readonly root: string;
  /** Where everything goes, laid out as the checkout is. */
  readonly staging: string;
  /** Files from which all others are reached, relative to `root`. */
  readonly entries: readonly string[];
  /** What an import of one of our packages means: `@sluice/abi/load` → a file relative to `root`. */
  readonly faces: ReadonlyMap<string, string>;
}

export async function emit(emission: Emission): Promise<void> {
  const { root, staging } = emission;
  const config = join(staging, "tsconfig.json");
  writeFileSync(config, JSON.stringify(emitConfig(emission)));
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  await promisify(execFile)(process.execPath, [compiler, "-p", config], { cwd: root });
  for (const file of globSync("**/*.js", { cwd: staging })) {
    const full = join(staging, file);
    writeFileSync(full, namingJavaScript(readFileSync(full, "utf8")));
  }
  requireWhole(staging);
}

/** The compiler rewrites what is imported; a file named by its URL is a string to it. */
export function namingJavaScript(code: string): string {
  return code.replaceAll(startedFile, 'new URL("$1.js", import.meta.url)').replaceAll(importedFile, '$1"$2.js"');
}

// A file that is missing would be seen by a user only, and perhaps in one command only.
function requireWhole(staging: string): void {
  const missing = globSync("**/*.js", { cwd: staging }).flatMap((file) => {
    const named = [...readFileSync(join(staging, file), "utf8").matchAll(namedFile)].map(([, path = ""]) => path);
    return named.filter((path) => !existsSync(join(staging, dirname(file), path))).map((path) => `${file} → ${path}`);
  });
  if (missing.length > 0) throw new Error(`packed files name files that are not packed:\n${missing.join("\n")}`);
}

/** The files of `folder` that its sources start as threads and processes, relative to `root`. */
export function startedFiles(root: string, folder: string): string[] {
  const sources = globSync(`${folder}/**/*.{ts,js}`, { cwd: root, exclude: isNoSource });
  const started = sources.flatMap((file) =>
    [...readFileSync(join(root, file), "utf8").matchAll(startedFile)].map(([, path]) =>
      relative(root, join(root, dirname(file), `${path}.ts`)),
    ),
  );
  return [...new Set(started)].sort();
}

function isNoSource(path: string): boolean {
  return /(^|\/)(node_modules|build|dist|assembly|templates)(\/|$)|\.test\.ts$|\.d\.ts$/.test(path);
}

// The gate checks types; here nobody waits for it a second time.
function emitConfig({ root, staging, entries, faces }: Emission): unknown {
  // Found through node_modules, a file would count as a library, and be emitted or not by the order in which it was met.
  const paths = Object.fromEntries([...faces].map(([name, file]) => [name, [join(root, file)]]));
  return {
    extends: join(root, "tsconfig.json"),
    compilerOptions: {
      noEmit: false,
      noCheck: true,
      declaration: true,
      resolveJsonModule: true,
      rewriteRelativeImportExtensions: true,
      paths,
      rootDir: root,
      outDir: staging,
      // The staging folder may lie anywhere; the types that the root's settings name stand in the root.
      typeRoots: [join(root, "node_modules/@types")],
    },
    files: [join(root, "node_modules/@types/node/index.d.ts"), ...entries.map((entry) => join(root, entry))],
    include: [],
    exclude: [],
  };
}
