// The last deployment that served, on disk: with it the proxy starts and runs while the registry is down.

import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { parseDeployment } from "../contract/index.ts";
import type { Deployment } from "../contract/index.ts";
import { writeWhole } from "./blob-cache.ts";

export class KeptDeployment {
  private readonly file: string;

  constructor(file: string) {
    this.file = file;
  }

  /** null when none was kept. Throws `DocumentError` when the file was changed into something else. */
  async read(): Promise<Deployment | null> {
    try {
      return parseDeployment(await readFile(this.file, "utf8"), this.file, { syntax: "json" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw error;
    }
  }

  async write(deployment: Deployment): Promise<void> {
    await mkdir(dirname(this.file), { recursive: true, mode: 0o700 });
    await writeWhole(this.file, JSON.stringify(deployment));
  }
}
