// Blobs on disk as an OCI image layout. A blob is stored before any row names it, so a crash can leave blobs that no row
// names (swept at the next start) but never a row without its blob.

import { createReadStream, existsSync } from "node:fs";
import type { ReadStream } from "node:fs";
import { link, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { UNFINISHED_PREFIX, placeFile, syncFolder, writeFileDurably } from "./durable-file.ts";
import { layoutIndex } from "./oci.ts";
import type { Blob, Descriptor } from "./oci.ts";

export class BlobStore {
  readonly #root: string;
  readonly #folder: string;
  #indexWritten: Promise<void> = Promise.resolve();

  private constructor(root: string) {
    this.#root = root;
    this.#folder = join(root, "blobs", "sha256");
  }

  static async open(root: string): Promise<BlobStore> {
    const store = new BlobStore(root);
    await mkdir(store.#folder, { recursive: true, mode: 0o700 });
    await writeFileDurably(join(root, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
    await syncFolder(join(root, "blobs"));
    return store;
  }

  /** Resolves when every blob is on disk for good. */
  async put(blobs: readonly Blob[]): Promise<void> {
    for (const { descriptor, bytes } of blobs) {
      const path = this.#pathOf(descriptor.digest);
      // What stands under its own digest is whole: it came there by rename.
      if (!existsSync(path)) await placeFile(path, bytes);
    }
    // Also when all were there: another push may have placed them and not have come to this line yet.
    await syncFolder(this.#folder);
  }

  read(digest: string): ReadStream {
    return createReadStream(this.#pathOf(digest));
  }

  /** Gives a blob a second name on the same disk: free, and there whatever becomes of the first. */
  link(digest: string, path: string): Promise<void> {
    return link(this.#pathOf(digest), path);
  }

  has(digest: string): boolean {
    return existsSync(this.#pathOf(digest));
  }

  /** Writes index.json anew; calls are run one after the other, so the last one given is the one that stays. */
  writeIndex(manifests: readonly Descriptor[]): Promise<void> {
    const write = (): Promise<void> => writeFileDurably(join(this.#root, "index.json"), layoutIndex(manifests));
    this.#indexWritten = this.#indexWritten.then(write, write);
    return this.#indexWritten;
  }

  /** Removes what no row names: refused or interrupted pushes, unfinished files. Returns how many were removed. */
  async sweep(isNamed: (digest: string) => boolean): Promise<number> {
    const leftBlobs = (await readdir(this.#folder)).filter((name) => !isNamed(`sha256:${name}`));
    const leftFiles = (await readdir(this.#root)).filter((name) => name.startsWith(UNFINISHED_PREFIX));
    const left = [
      ...leftBlobs.map((name) => join(this.#folder, name)),
      ...leftFiles.map((name) => join(this.#root, name)),
    ];
    for (const path of left) await rm(path, { force: true });
    return left.length;
  }

  /** Digests reach this place only after their pattern was checked, so a path cannot leave the folder. */
  #pathOf(digest: string): string {
    return join(this.#folder, digest.slice("sha256:".length));
  }
}
