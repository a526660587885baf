// HOT: bench proxy.
// What a worker holds outside the JavaScript heap (writes a slow peer has not taken, held heads and bodies, caches).
// A worker's heap limit does not see those bytes, so this count is what protects the process.

export class ByteAccount {
  held = 0;
  /** Follows the limits in charge. */
  bytesMax: number;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  hold(bytes: number): void {
    this.held += bytes;
  }

  release(bytes: number): void {
    this.held -= bytes;
  }

  /** True when new streams are to be refused until something is given back. */
  get isOver(): boolean {
    return this.held > this.bytesMax;
  }
}

/** A part of a worker's bytes with a bound of its own, counted here and with all that the worker holds. */
export class PartAccount extends ByteAccount {
  private readonly whole: ByteAccount;

  constructor(whole: ByteAccount, bytesMax: number) {
    super(bytesMax);
    this.whole = whole;
  }

  override hold(bytes: number): void {
    super.hold(bytes);
    this.whole.hold(bytes);
  }

  override release(bytes: number): void {
    super.release(bytes);
    this.whole.release(bytes);
  }
}
