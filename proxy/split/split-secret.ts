// What keys of splits are hashed with, in the state folder: 64 hex digits, readable by nobody else. A registry sends its
// own, so that all its proxies split alike; without one it is made at the first start.

import { randomBytes, randomUUID } from "node:crypto";
import { link, readFile, rm, stat } from "node:fs/promises";
import { SluiceError } from "@sluice/abi";
import { parseSplitSecret } from "../contract/forced-revision.ts";
import { PROXY_ERRORS } from "../errors.ts";
import { writeWhole } from "../registry-client/blob-cache.ts";

/** Name of its file in the state folder. */
export const SPLIT_SECRET_FILE = "split.secret";

const SECRET_BYTES = 32;
/** What nobody but the owner should have: reading and writing by group and others. */
const OTHERS_MODE = 0o066;

export class SplitSecret {
  /** Others than the owner can read it or write it: who knows it can choose his side of every split. */
  readonly isExposed: boolean;
  readonly file: string;
  private current: Uint8Array;

  /** Reads the file, or makes it. Throws E2018 when there is one that cannot be used. */
  static async open(file: string): Promise<SplitSecret> {
    const kept = (await readSplitSecret(file)) ?? (await makeSplitSecret(file));
    const { mode } = await stat(file);
    return new SplitSecret(file, kept, (mode & OTHERS_MODE) !== 0);
  }

  private constructor(file: string, current: Uint8Array, isExposed: boolean) {
    this.file = file;
    this.current = current;
    this.isExposed = isExposed;
  }

  get bytes(): Uint8Array {
    return this.current;
  }

  /** Takes what the registry sent. True when it is another one than before. Throws E2018 when it is none. */
  take(hex: unknown): boolean {
    const secret = typeof hex === "string" ? parseSplitSecret(hex) : null;
    if (secret === null)
      throw new SluiceError(PROXY_ERRORS.splitSecret, "The registry sent a split secret that is none.");
    if (Buffer.compare(secret, this.current) === 0) return false;
    this.current = secret;
    return true;
  }

  /** Keeps it for the next start. */
  async keep(): Promise<void> {
    await writeWhole(this.file, textOf(this.current));
  }
}

/** null when there is no file. Throws E2018 when it holds something else. */
async function readSplitSecret(file: string): Promise<Uint8Array | null> {
  let text: string;
  try {
    text = await readFile(file, "latin1");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new SluiceError(PROXY_ERRORS.splitSecret, `${file} cannot be read: ${(cause as Error).message}.`, { cause });
  }
  const secret = parseSplitSecret(text);
  if (secret === null) throw new SluiceError(PROXY_ERRORS.splitSecret, `${file} does not hold 64 hex digits.`);
  return secret;
}

/** Where several start at once over one folder the first one's counts: a link is made only where no file is. */
async function makeSplitSecret(file: string): Promise<Uint8Array> {
  const aside = `${file}.${randomUUID()}`;
  await writeWhole(aside, textOf(randomBytes(SECRET_BYTES)));
  try {
    await link(aside, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    await rm(aside, { force: true });
  }
  return (await readSplitSecret(file))!;
}

function textOf(secret: Uint8Array): string {
  return `${Buffer.from(secret).toString("hex")}\n`;
}
