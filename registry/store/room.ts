// Whether there is room for one more upload: on the disk, and below the bound of what all versions may take. Asked before
// a byte of it is read. Deployments are not asked: they need the room that is kept free here.

import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { SluiceError } from "@sluice/abi";
import { REGISTRY_ERRORS } from "../errors.ts";
import type { Store } from "./store.ts";

export interface RoomBounds {
  /** Bytes that all versions together may take. */
  readonly storeBytesMax: number;
  /** Bytes of the disk that uploads leave alone. */
  readonly freeBytesMin: number;
}

export class Room {
  readonly #store: Store;
  readonly #folder: string;
  readonly #bounds: RoomBounds;

  constructor(store: Store, stateDir: string, bounds: RoomBounds) {
    this.#store = store;
    this.#folder = join(stateDir, "registry");
    this.#bounds = bounds;
  }

  /** Throws SLUICE-E3026 or E3037. */
  async refuseWhenFull(): Promise<void> {
    const { storeBytesMax, freeBytesMin } = this.#bounds;
    const held = this.#store.versions.blobBytes();
    if (held >= storeBytesMax) {
      throw new SluiceError(
        REGISTRY_ERRORS.storeFull,
        `the registry holds ${held} bytes of versions, and may hold ${storeBytesMax}`,
      );
    }
    const { bavail, bsize } = await statfs(this.#folder);
    if (bavail * bsize < freeBytesMin) {
      throw new SluiceError(
        REGISTRY_ERRORS.storageFull,
        `${bavail * bsize} bytes are free on the registry's disk; uploads need ${freeBytesMin} to stay free`,
      );
    }
  }
}
