// The arrows between the parts, as a rule over import statements: who may import whom, and what hot files must not.
// Run by the gate: prints each broken arrow and exits 1 when there is one.

import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

/** One source file: its path from the repository's root, with forward slashes, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

const parts = ["abi", "proxy", "registry", "sdk-filter", "filters-as", "bin", "test"] as const;
type Part = (typeof parts)[number];

/** What each part may import of ours: a whole part, or one entry of its package. */
const allowed: Readonly<Record<Part, readonly string[]>> = {
  abi: [],
  proxy: ["@sluice/abi"],
  registry: ["@sluice/abi", "@sluice/proxy/contract"],
  "sdk-filter": ["@sluice/abi"],
  "filters-as": ["@sluice/sdk-filter"],
  bin: parts.map((part) => `@sluice/${part}`),
  test: parts.map((part) => `@sluice/${part}`),
};

/** A sentence for every import that the table above forbids. */
export function brokenArrows(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => importsOf(file.text).flatMap((specifier) => judgeImport(file, specifier)));
}

function judgeImport(file: SourceFile, specifier: string): string[] {
  const own = partOf(file.path);
  if (own === null) return [];
  if (specifier.startsWith(".")) return judgeRelative(file, own, specifier);
  if (specifier.startsWith("@sluice/")) return judgeOurs(file, own, specifier);
  if (isHot(file.text) && !specifier.startsWith("node:")) {
    return [`${file.path}: a hot file imports the package "${specifier}"`];
  }
  return [];
}

function judgeRelative(file: SourceFile, own: Part, specifier: string): string[] {
  const target = partOf(join(dirname(file.path), specifier));
  if (target === own || own === "test") return [];
  return [`${file.path}: "${specifier}" leaves its part; import the part's package instead`];
}

function judgeOurs(file: SourceFile, own: Part, specifier: string): string[] {
  if (specifier === `@sluice/${own}` || specifier.startsWith(`@sluice/${own}/`)) return [];
  const isAllowed = allowed[own].some((entry) => specifier === entry || specifier.startsWith(`${entry}/`));
  return isAllowed ? [] : [`${file.path}: ${own} must not import "${specifier}"`];
}

/** The part a path from the root lies in; null for a file of no part (docs, the root itself). */
function partOf(path: string): Part | null {
  const first = path.split("/")[0];
  return parts.find((part) => part === first) ?? null;
}

function isHot(text: string): boolean {
  return text.startsWith("// HOT:");
}

// Static imports, re-exports and import() of a literal. Comments are taken out first: examples in docstrings are not imports.
function importsOf(text: string): string[] {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/^\s*\/\/.*$/gm, "");
  const statements = code.matchAll(/^(?:import|export)\b[^;"'=(]*?\bfrom\s*["']([^"'\n]+)["']/gm);
  const bare = code.matchAll(/^import\s*["']([^"'\n]+)["']/gm);
  const calls = code.matchAll(/\bimport\(\s*["']([^"'\n]+)["']\s*\)/g);
  return [...statements, ...bare, ...calls].flatMap((match) => match[1] ?? []);
}

function main(): void {
  const root = resolve(import.meta.dirname, "../..");
  const broken = brokenArrows(sourcesUnder(root));
  for (const sentence of broken) console.error(sentence);
  if (broken.length > 0) process.exitCode = 1;
}

function sourcesUnder(root: string): SourceFile[] {
  const pattern = `{${parts.join(",")}}/**/*.{ts,tsx,js,mjs}`;
  const paths = globSync(pattern, { cwd: root, exclude: (path) => /(^|\/)(node_modules|build|dist)(\/|$)/.test(path) });
  return paths.map((path) => ({
    path: relative(root, join(root, path)),
    text: readFileSync(join(root, path), "utf8"),
  }));
}

if (import.meta.main) main();
