// Properties that filters of one stream set for later filters of it (`proxy_set_property`), bounded, and undone when the
// callback that set them fails.

import { STREAM_PROPERTIES_MAX, STREAM_PROPERTY_BYTES } from "./limits.ts";
import { StagedMap } from "./staged-map.ts";

export class UserProperties {
  private readonly values = new StagedMap<Uint8Array>();

  clear(): void {
    this.values.clear();
  }

  get(path: string): Uint8Array | null {
    return this.values.get(path) ?? null;
  }

  /** Copies the value. False, and nothing changed, when the stream's bound is reached. */
  set(path: string, value: Uint8Array): boolean {
    const { values } = this;
    const old = values.get(path);
    const bytes = values.bytes - (old === undefined ? 0 : path.length + old.length) + path.length + value.length;
    if (bytes > STREAM_PROPERTY_BYTES) return false;
    if (old === undefined && values.size === STREAM_PROPERTIES_MAX) return false;
    values.set(path, value.slice(), bytes);
    return true;
  }

  commit(): void {
    this.values.commit();
  }

  rollback(): void {
    this.values.rollback();
  }
}
