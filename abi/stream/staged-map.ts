// Named values that a filter's callback sets and that count only when it returns: a map with a count of its bytes, put
// back as it was when the callback fails. What the bytes are and how many may be is the owner's business.

export class StagedMap<Value> {
  /** Bytes the owner counts for all values. */
  bytes = 0;
  private values = new Map<string, Value>();
  private saved: Map<string, Value> | null = null;
  private savedBytes = 0;

  get size(): number {
    return this.values.size;
  }

  get(key: string): Value | undefined {
    return this.values.get(key);
  }

  /** `bytes`: of all values, this one included. */
  set(key: string, value: Value, bytes: number): void {
    if (this.saved === null) {
      this.saved = new Map(this.values);
      this.savedBytes = this.bytes;
    }
    this.values.set(key, value);
    this.bytes = bytes;
  }

  clear(): void {
    if (this.values.size > 0) this.values = new Map();
    this.bytes = 0;
    this.saved = null;
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

  toObject(): Record<string, Value> {
    return Object.fromEntries(this.values);
  }
}
