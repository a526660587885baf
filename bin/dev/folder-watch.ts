// Tells when a file of a filter's folder was saved. Editors save in several steps (a new file put in the old one's place, a
// truncated file filled again): a save is over when nothing has happened for a moment. Folders are watched one by one: a
// recursive watch would walk through node_modules.

import { readdirSync, watch } from "node:fs";
import type { FSWatcher } from "node:fs";
import { basename, dirname, join } from "node:path";
import { quietMs } from "./limits.ts";

export interface WatchOptions {
  readonly folder: string;
  /** Files elsewhere that belong to it. */
  readonly files: readonly string[];
  /** Once per save, with the moment of its first step in `performance.now()` milliseconds. */
  readonly onSave: (atMs: number) => void;
}

export class FolderWatch {
  readonly #options: WatchOptions;
  readonly #watchers = new Map<string, FSWatcher>();
  #quiet: NodeJS.Timeout | null = null;
  #firstMs: number | null = null;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#watchFolders();
  }

  close(): void {
    if (this.#quiet !== null) clearTimeout(this.#quiet);
    for (const watcher of this.#watchers.values()) watcher.close();
  }

  /** Folders come and go, also under a watch: each step of a save looks again at what there is. */
  #watchFolders(): void {
    const { folder, files } = this.#options;
    const wanted = new Set([...foldersOf(folder), ...files.map((file) => dirname(file))]);
    for (const [path, watcher] of this.#watchers) {
      if (wanted.has(path)) continue;
      watcher.close();
      this.#watchers.delete(path);
    }
    for (const path of wanted) if (!this.#watchers.has(path)) this.#watch(path);
  }

  #watch(path: string): void {
    const isOurs = (file: string): boolean =>
      isInside(this.#options.folder, path) ? isSource(file) : this.#options.files.includes(join(path, file));
    const watcher = watch(path, (_event, file) => {
      if (file === null || isOurs(file) || isFolderName(file)) this.#step();
    });
    watcher.on("error", () => this.#step()); // the folder itself is gone
    this.#watchers.set(path, watcher);
  }

  #step(): void {
    this.#firstMs ??= performance.now();
    if (this.#quiet !== null) clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => this.#saved(), quietMs);
  }

  #saved(): void {
    const atMs = this.#firstMs ?? performance.now();
    this.#firstMs = null;
    this.#watchFolders();
    this.#options.onSave(atMs);
  }
}

function foldersOf(folder: string): string[] {
  const inner = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [folder, ...inner.filter(({ name }) => !isIgnored(name)).flatMap(({ name }) => foldersOf(join(folder, name)))];
}

function isIgnored(name: string): boolean {
  return name === "node_modules" || name === "build" || name.startsWith(".");
}

function isInside(folder: string, path: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/** What a filter is made of and tested with. */
function isSource(file: string): boolean {
  return /\.(ts|ya?ml|json)$/.test(file) && !basename(file).startsWith(".");
}

/** Without an extension: a folder that came or went, which may hold sources. */
function isFolderName(file: string): boolean {
  return !file.includes(".") && !isIgnored(file);
}
