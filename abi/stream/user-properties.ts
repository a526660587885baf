// Properties that filters of one stream set for later filters of it (`proxy_set_property`), bounded, and undone when the
// callback that set them fails.

import { STREAM_PROPERTIES_MAX, STREAM_PROPERTY_BYTES } from "./limits.ts";

export class UserProperties {
  private values = new Map<string, Uint8Array>();
  private bytes = 0;
  private saved: Map<string, Uint8Array> | null = null;
  private savedBytes = 0;

  clear(): void {
    if (this.values.size > 0) this.values = new Map();
    this.bytes = 0;
    this.saved = null;
  }

  get(path: string): Uint8Array | null {
    return this.values.get(path) ?? null;
  }

  /** Copies the value. False, and nothing changed, when the stream's bound is reached. */
  set(path: string, value: Uint8Array): boolean {
    const old = this.values.get(path);
    const bytes = this.bytes - (old === undefined ? 0 : path.length + old.length) + path.length + value.length;
    if (bytes > STREAM_PROPERTY_BYTES) return false;
    if (old === undefined && this.values.size === STREAM_PROPERTIES_MAX) return false;
    this.save();
    this.values.set(path, value.slice());
    this.bytes = bytes;
    return true;
  }

  commit(): void {
    this.saved = null;
  }

  rollback(): void {
    if (this.saved === null) return;
    this.values = this.saved;
    this.bytes = this.savedBytes;
    this.saved = null;
  }

  private save(): void {
    if (this.saved !== null) return;
    this.saved = new Map(this.values);
    this.savedBytes = this.bytes;
  }
}
