// HOT: bench abi.
// The live contexts of one instance by id, the root's first. An instance of its own serves one stream at a time: that one
// context has a place outside the map, which costs more to add to and take from than all else a stream needs here.

import type { GuestContext } from "./caller.ts";

export class ContextTable {
  private root: GuestContext | null = null;
  private one: GuestContext | null = null;
  private readonly others = new Map<number, GuestContext>();

  get size(): number {
    return (this.root === null ? 0 : 1) + (this.one === null ? 0 : 1) + this.others.size;
  }

  get(id: number): GuestContext | undefined {
    if (this.one !== null && this.one.id === id) return this.one;
    if (this.root !== null && this.root.id === id) return this.root;
    return this.others.size === 0 ? undefined : this.others.get(id);
  }

  has(id: number): boolean {
    return this.get(id) !== undefined;
  }

  /** The first one added after `clear` is the root's. Its id is not there yet. */
  add(context: GuestContext): void {
    if (this.root === null) this.root = context;
    else if (this.one === null) this.one = context;
    else this.others.set(context.id, context);
  }

  delete(id: number): void {
    if (this.one !== null && this.one.id === id) this.one = null;
    else if (this.root !== null && this.root.id === id) this.root = null;
    else if (this.others.size > 0) this.others.delete(id);
  }

  clear(): void {
    this.root = this.one = null;
    if (this.others.size > 0) this.others.clear();
  }

  all(): GuestContext[] {
    return [this.root, this.one, ...this.others.values()].filter((context) => context !== null);
  }
}
