// HOT: bench proxy.
// What a worker shows of itself in shared memory, for the case that it can no longer speak: that its event loop turns,
// and which slot of which snapshot it entered last.
//
//   Int32:  beats | generation | revision's place + 1

import { Plugin } from "@sluice/abi/data-path";
import type { HostServices, Instance, ModuleArtifact, PluginSpec } from "@sluice/abi";

const BEATS = 0;
const GENERATION = 1;
const PLACE = 2;

export function createVitalSigns(): SharedArrayBuffer {
  return new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT);
}

export class VitalSigns {
  private readonly words: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.words = new Int32Array(memory);
  }

  beat(): void {
    Atomics.add(this.words, BEATS, 1);
  }

  get beats(): number {
    return Atomics.load(this.words, BEATS);
  }

  /** Plain stores: only the last words of a dead worker are ever read. */
  entered(generation: number, place: number): void {
    this.words[GENERATION] = generation;
    this.words[PLACE] = place + 1;
  }

  /** The slot entered last, null when none was. */
  get last(): { readonly generation: number; readonly place: number } | null {
    const place = this.words[PLACE]!;
    return place === 0 ? null : { generation: this.words[GENERATION]!, place: place - 1 };
  }

  clear(): void {
    this.words.fill(0);
  }
}

/** Where a plugin stands, and where it leaves word. */
export interface WatchedAt {
  readonly signs: VitalSigns;
  readonly generation: number;
  /** `revisionPlace` in the chain. */
  readonly place: number;
}

/** A plugin that leaves word when a stream enters it. */
export class WatchedPlugin extends Plugin {
  private readonly signs: VitalSigns;
  private readonly generation: number;
  private readonly place: number;

  constructor(artifact: ModuleArtifact, spec: PluginSpec, services: HostServices, at: WatchedAt) {
    super(artifact, spec, services);
    this.signs = at.signs;
    this.generation = at.generation;
    this.place = at.place;
  }

  override start(): void {
    this.signs.entered(this.generation, this.place);
    super.start();
  }

  override acquire(): Instance | null {
    this.signs.entered(this.generation, this.place);
    return super.acquire();
  }
}
