// The instances that streams of one plugin take in turns (`isolation: stream`). Each is put back to the root's image when it
// comes home, so that no stream sees anything of another; a module that cannot be put back is remade instead.

import { POOL_INSTANCES_MAX } from "./limits.ts";
import type { Image } from "./image.ts";
import type { Instance } from "./instance.ts";

/** How the plugin makes an instance, and the image that instances start from now. */
export interface InstanceSource {
  make(): Instance;
  /** null: not resettable, a returned instance is dropped. */
  image(): Image | null;
  /** Raised by root callbacks, which may change lasting state. */
  readonly epoch: number;
}

export class InstancePool {
  private readonly source: InstanceSource;
  private readonly free: Instance[] = [];
  private lentCount = 0;

  constructor(source: InstanceSource) {
    this.source = source;
  }

  get size(): number {
    return this.free.length + this.lentCount;
  }

  get memoryBytes(): number {
    const each = this.free[0]?.memoryBytes ?? 0;
    return each * this.size;
  }

  /** null: all are lent. Throws SluiceError when a new one cannot be made. */
  take(): Instance | null {
    const { source } = this;
    let instance = this.free.pop();
    if (instance === undefined) {
      if (this.lentCount >= POOL_INSTANCES_MAX) return null;
      instance = source.make();
      instance.epoch = source.epoch;
    } else if (instance.epoch !== source.epoch) {
      this.refresh(instance);
    }
    instance.lent = true;
    this.lentCount++;
    return instance;
  }

  /** Also for an instance that failed. Giving back what is not lent has no effect. */
  giveBack(instance: Instance): void {
    if (!instance.lent) return;
    instance.lent = false;
    this.lentCount--;
    if (this.refresh(instance)) this.free.push(instance);
  }

  clear(): void {
    this.free.length = 0;
  }

  private refresh(instance: Instance): boolean {
    const image = this.source.image();
    if (image === null) return false;
    instance.reset(image);
    instance.epoch = this.source.epoch;
    return true;
  }
}
