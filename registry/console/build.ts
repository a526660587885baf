// Builds the console into registry/console/dist, where the registry serves it from. `npm start` calls it when the
// sources are newer than what was built; published packages carry the result.

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

import { build } from "vite";

const root = import.meta.dirname;
const built = join(root, "dist", "index.html");

/** Builds the console unless `dist` is newer than every source. Returns true when it built. */
export async function buildConsole(): Promise<boolean> {
  if (newestSource() <= modifiedAt(built)) return false;
  await build({
    root,
    logLevel: "error",
    oxc: { jsx: { runtime: "automatic", importSource: "preact", development: false } },
    // The same page whatever NODE_ENV says where it is built.
    define: { "process.env.NODE_ENV": JSON.stringify("production") },
    build: {
      outDir: "dist",
      emptyOutDir: true,
      target: "es2023",
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
    },
  });
  return true;
}

function newestSource(): number {
  const folders = ["src", "public"].map((folder) => join(root, folder));
  const files = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" }).map((file) => join(folder, file)),
  );
  return Math.max(...[join(root, "index.html"), join(root, "build.ts"), ...files].map(modifiedAt));
}

function modifiedAt(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

if (import.meta.main) await buildConsole();
