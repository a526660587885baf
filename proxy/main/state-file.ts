// A small JSON file of the state folder: written whole or not at all, read only in the shape it was written in. A
// damaged one is put aside and told of; it never keeps a proxy from starting.

import { readFile, rename } from "node:fs/promises";
import { valueProblems } from "@sluice/abi";
import type { Static, TSchema } from "typebox";
import { writeWhole } from "../registry-client/blob-cache.ts";
import { STATE_FILE_BYTES_MAX } from "./limits.ts";
import { Serial } from "./serial.ts";

export class StateFile<S extends TSchema> {
  private readonly file: string;
  private readonly schema: S;
  private readonly serial = new Serial();

  constructor(file: string, schema: S) {
    this.file = file;
    this.schema = schema;
  }

  /** null when there is none. `damaged` is told why it cannot be used; it then lies beside as `FILE.damaged`. */
  async read(damaged: (why: string) => void): Promise<Static<S> | null> {
    let text: string;
    try {
      text = await readFile(this.file, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") await this.putAside(damaged, (error as Error).message);
      return null;
    }
    try {
      if (text.length > STATE_FILE_BYTES_MAX) throw new RangeError(`it has ${text.length} characters`);
      const value: unknown = JSON.parse(text);
      const problems = valueProblems(value, this.schema);
      if (problems.length === 0) return value as Static<S>;
      throw new TypeError(problems.slice(0, 3).join("; "));
    } catch (error) {
      await this.putAside(damaged, (error as Error).message);
      return null;
    }
  }

  /** Writes follow each other; after a crash the file is the old one or the new one. */
  write(value: Static<S>): Promise<void> {
    return this.serial.run(() => writeWhole(this.file, `${JSON.stringify(value)}\n`));
  }

  private async putAside(damaged: (why: string) => void, why: string): Promise<void> {
    await rename(this.file, `${this.file}.damaged`).catch(() => undefined);
    damaged(`${this.file}: ${why}`);
  }
}
