// Notices that a file which a reload would read has changed. Folders are watched, not files, because editors and volume
// mounts replace a file or the link to it; a slow look beside that finds what a network file system does not tell. Files
// must hold still for a moment, so that one that is being written is not read half.

import { watch } from "node:fs";
import type { FSWatcher } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { WATCH_LOOK_MS, WATCH_SETTLE_MS } from "./limits.ts";

export interface DocumentWatchOptions {
  /** What a reload reads, absolute; asked anew after every change. */
  files(): readonly string[];
  /** Something of it has changed; the next change waits until this resolves. Must not reject. */
  changed(): Promise<void>;
}

export class DocumentWatch {
  private readonly options: DocumentWatchOptions;
  private readonly looks: NodeJS.Timeout;
  private folders = new Map<string, FSWatcher>();
  private soon: NodeJS.Timeout | null = null;
  private isLooking = false;
  /** What was there at the last reload, and at the last look. */
  private reloaded = "";
  private seen = "";

  /** `open` must follow. */
  constructor(options: DocumentWatchOptions) {
    this.options = options;
    this.looks = setInterval(() => void this.look(), WATCH_LOOK_MS).unref();
  }

  /** From now on; what changed before is not noticed. */
  async open(): Promise<void> {
    this.watchFolders();
    this.reloaded = await stampOf(this.options.files());
    this.seen = this.reloaded;
  }

  close(): void {
    clearInterval(this.looks);
    if (this.soon !== null) clearTimeout(this.soon);
    for (const folder of this.folders.values()) folder.close();
    this.folders.clear();
  }

  private lookSoon(): void {
    this.soon ??= setTimeout(() => {
      this.soon = null;
      void this.look();
    }, WATCH_SETTLE_MS).unref();
  }

  private async look(): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    const stamp = await stampOf(this.options.files());
    const isStill = stamp === this.seen;
    this.seen = stamp;
    if (stamp !== this.reloaded && isStill) {
      await this.options.changed();
      this.reloaded = stamp;
      this.watchFolders();
      // A reload may read other files than the one before, and a file may have changed meanwhile.
      const after = await stampOf(this.options.files());
      if (keysOf(after) !== keysOf(stamp)) this.reloaded = after;
      this.seen = after;
    }
    this.isLooking = false;
    if (this.seen !== this.reloaded) this.lookSoon();
  }

  private watchFolders(): void {
    const wanted = new Set(this.options.files().map((file) => dirname(file)));
    for (const [folder, watcher] of this.folders) {
      if (wanted.has(folder)) continue;
      watcher.close();
      this.folders.delete(folder);
    }
    for (const folder of wanted) {
      if (this.folders.has(folder)) continue;
      const watcher = watched(folder, () => this.lookSoon());
      if (watcher !== null) this.folders.set(folder, watcher);
    }
  }
}

/** null when the system does not watch it: then the slow look is all there is. */
function watched(folder: string, touched: () => void): FSWatcher | null {
  try {
    const watcher = watch(folder, { persistent: false }, touched);
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch {
    return null;
  }
}

/** Which files there are, and in which state. Changes with every save, whether in place or by renaming. */
async function stampOf(files: readonly string[]): Promise<string> {
  const states = await Promise.all(files.toSorted().map(async (file) => [file, await stateOf(file)]));
  return JSON.stringify(states);
}

async function stateOf(file: string): Promise<string> {
  const found = await stat(file, { bigint: true }).catch(() => null);
  return found === null ? "none" : `${found.ino} ${found.size} ${found.mtimeNs}`;
}

function keysOf(stamp: string): string {
  return JSON.stringify((JSON.parse(stamp) as [string, string][]).map(([file]) => file));
}
