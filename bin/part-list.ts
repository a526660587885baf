// The started parts of `sluice up`, stopped in the reverse order of their start, also when the stop comes while others
// are still starting.

import { SluiceError } from "@sluice/abi";
import { BIN_ERRORS } from "./errors.ts";

export class PartList {
  readonly #stops: (() => unknown)[] = [];
  #isStopping = false;

  /** Remembers how to stop what was just started. After `stopAll` it is stopped at once, and this throws. */
  async add(stop: () => unknown): Promise<void> {
    if (this.#isStopping) {
      await stop();
      throw new SluiceError(BIN_ERRORS.notReady, "A part was started while the others were being stopped.");
    }
    this.#stops.push(stop);
  }

  async stopAll(): Promise<void> {
    this.#isStopping = true;
    for (const stop of this.#stops.toReversed()) await stop();
  }
}
