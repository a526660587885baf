// HOT: bench proxy.
// The copies of one request for mirrors. Most requests have none: then nothing here is called.

import type { Head } from "@sluice/abi";
import type { MirrorCopy } from "../mirror/mirror-copy.ts";
import type { CopyWish, Mirrors } from "../mirror/mirrors.ts";

export class RequestCopies {
  private readonly mirrors: Mirrors;
  /** The one begun last. */
  private last: MirrorCopy | null = null;

  constructor(mirrors: Mirrors) {
    this.mirrors = mirrors;
  }

  get isEmpty(): boolean {
    return this.last === null;
  }

  begin(request: CopyWish): void {
    const copy = this.mirrors.begin(request);
    if (copy === null) return;
    copy.next = this.last;
    this.last = copy;
  }

  data(bytes: Uint8Array, start: number, end: number, endOfStream: boolean): void {
    for (let copy = this.last; copy !== null; copy = copy.next) copy.data(bytes, start, end, endOfStream);
    if (endOfStream) this.whole();
  }

  trailers(trailers: Head): void {
    for (let copy = this.last; copy !== null; copy = copy.next) copy.trailers(trailers);
    this.whole();
  }

  private whole(): void {
    for (let copy = this.last; copy !== null; copy = copy.next) this.mirrors.requestWhole(copy);
  }

  /** The request itself is over. */
  primaryEnded(facts: { id(): string; readonly status: number; readonly durationUs: number }): void {
    const { status, durationUs } = facts;
    let copy = this.last;
    this.last = null;
    for (; copy !== null; copy = copy.next) {
      copy.primaryEnded(copy.isCompared ? { id: facts.id(), status, durationUs } : null);
    }
  }
}
