// The last deployment that served, on disk, and the one before it: with them the proxy starts and runs while the registry
// is down, also when the last one must be left out.

import { mkdir, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { parseDeployment } from "../contract/index.ts";
import type { Deployment } from "../contract/index.ts";
import { writeWhole } from "./blob-cache.ts";

export class KeptDeployment {
  private readonly file: string;
  private readonly without: number;

  /** `without` is the number of a deployment that must not serve; 0: none. */
  constructor(file: string, without: number) {
    this.file = file;
    this.without = without;
  }

  /** null when none was kept. Throws `DocumentError` when the file was changed into something else. */
  async read(): Promise<Deployment | null> {
    const last = await readKept(this.file);
    // None at all while there is one before it: a write was cut off between its two steps.
    return last === null || this.isLeftOut(last) ? readKept(this.before) : last;
  }

  async write(deployment: Deployment): Promise<void> {
    await mkdir(dirname(this.file), { recursive: true, mode: 0o700 });
    const last = await readKept(this.file).catch(() => null);
    // One that is left out must not become the one to fall back to.
    const isNext = last !== null && last.number !== deployment.number && !this.isLeftOut(last);
    if (isNext) await rename(this.file, this.before);
    await writeWhole(this.file, JSON.stringify(deployment));
  }

  private get before(): string {
    return `${this.file}.before`;
  }

  private isLeftOut({ number }: Deployment): boolean {
    return this.without !== 0 && number === this.without;
  }
}

async function readKept(file: string): Promise<Deployment | null> {
  try {
    return parseDeployment(await readFile(file, "utf8"), file, { syntax: "json" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
