// The instances that streams of one plugin take in turns (`isolation: stream`). Each is put back to the root's image when it
// comes home, so that no stream sees anything of another; a module that cannot be put back is remade instead.

import { availableParallelism } from "node:os";
import { POOL_BYTES_MAX, POOL_IDLE_MAX, POOL_INSTANCES_MAX, POOLED_INSTANCES_PER_PROCESS } from "./limits.ts";
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

/** A process has about a worker a core; each may have its share of the process's instances. */
const POOLED_MAX = Math.max(POOL_INSTANCES_MAX, Math.floor(POOLED_INSTANCES_PER_PROCESS / availableParallelism()));

/** Instances of all pools on this thread. */
let pooled = 0;

export class InstancePool {
  private readonly source: InstanceSource;
  private readonly free: Instance[] = [];
  private readonly all = new Set<Instance>();

  constructor(source: InstanceSource) {
    this.source = source;
  }

  get size(): number {
    return this.all.size;
  }

  get memoryBytes(): number {
    let bytes = 0;
    for (const instance of this.all) bytes += instance.memoryBytes;
    return bytes;
  }

  /** null: all are lent. Throws SluiceError when a new one cannot be made. */
  take(): Instance | null {
    const instance = this.free.pop();
    if (instance === undefined) return this.makeLent();
    if (instance.epoch !== this.source.epoch && !this.refresh(instance)) {
      this.drop(instance);
      return this.take();
    }
    instance.lent = true;
    return instance;
  }

  /** Also for an instance that failed. Giving back what is not lent has no effect. */
  giveBack(instance: Instance): void {
    if (!instance.lent) return;
    instance.lent = false;
    if (this.free.length < POOL_IDLE_MAX && this.refresh(instance)) this.free.push(instance);
    else this.drop(instance);
  }

  clear(): void {
    for (const instance of this.free) this.drop(instance);
    this.free.length = 0;
  }

  private makeLent(): Instance | null {
    const { source, all } = this;
    const isFull = all.size >= POOL_INSTANCES_MAX || pooled >= POOLED_MAX || this.memoryBytes >= POOL_BYTES_MAX;
    if (isFull) return null;
    const instance = source.make();
    instance.epoch = source.epoch;
    instance.lent = true;
    all.add(instance);
    pooled++;
    return instance;
  }

  private drop(instance: Instance): void {
    if (this.all.delete(instance)) pooled--;
  }

  private refresh(instance: Instance): boolean {
    const image = this.source.image();
    // Memory cannot shrink: what one stream made it grow would be missing to all after it.
    if (image === null || instance.memoryBytes > image.memoryBytes) return false;
    instance.reset(image);
    instance.epoch = this.source.epoch;
    return true;
  }
}
