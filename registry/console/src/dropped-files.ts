// What files that were dropped together are: the module, its filter document, its source map, its sample requests.

import type { PushParts } from "./api.ts";

/** Bytes of one module, as the registry bounds it. */
export const MODULE_BYTES_MAX = 16 * 1024 ** 2;
/** Bytes of a document that are read to find its kind and name. */
const HEAD_BYTES = 4_096;

export interface Dropped {
  readonly parts: PushParts | null;
  /** The filter's name as the files say it. */
  readonly name: string;
  /** What is wrong with the files, each a sentence. */
  readonly problems: readonly string[];
}

export async function readDropped(files: readonly File[]): Promise<Dropped> {
  const problems: string[] = [];
  const modules = files.filter(({ name }) => name.endsWith(".wasm"));
  const maps = files.filter(({ name }) => name.endsWith(".map"));
  const documents = files.filter(({ name }) => /\.ya?ml$/.test(name));
  const heads = await Promise.all(documents.map((file) => file.slice(0, HEAD_BYTES).text()));
  const isFilter = heads.map((head) => /^kind:\s*["']?Filter\b/m.test(head));
  const filters = documents.filter((_, i) => isFilter[i]);
  const known = new Set([...modules, ...maps, ...documents]);
  for (const { name } of files.filter((file) => !known.has(file))) {
    problems.push(`${name} is neither a module (.wasm), a source map (.map) nor a document (.yaml)`);
  }
  if (modules.length !== 1) problems.push(`there are ${modules.length} modules (.wasm); a push takes one`);
  if (filters.length > 1) problems.push("there are several documents of kind Filter; a push takes one");
  if (maps.length > 1) problems.push("there are several source maps; a push takes one");
  const [module] = modules;
  if (module !== undefined && module.size > MODULE_BYTES_MAX) problems.push(`${module.name} is larger than 16 MiB`);
  const head = heads[isFilter.indexOf(true)] ?? "";
  const name = /^name:\s*["']?([a-z0-9-]+)/m.exec(head)?.[1] ?? nameOfFile(module?.name ?? "");
  if (problems.length > 0 || module === undefined) return { parts: null, name, problems };
  const requests = documents.filter((_, i) => !isFilter[i]);
  return { parts: { module, filter: filters[0] ?? null, sourceMap: maps[0] ?? null, requests }, name, problems };
}

/** `build/My_Guard.wasm` as a filter's name. */
function nameOfFile(file: string): string {
  return file
    .replace(/\.wasm$/, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
}
