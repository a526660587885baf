// HOT: bench proxy.
// What a route removes from, sets in and adds to a head, as bytes. Names and values were validated with the document.

import type { Head } from "@sluice/abi";
import type { HeaderChangesConfig } from "../contract/index.ts";
import type { HeadChange } from "../snapshot/runtime.ts";

interface Field {
  readonly name: Uint8Array;
  readonly value: Uint8Array;
}

export class HeaderChanges implements HeadChange {
  private readonly removed: readonly Uint8Array[];
  private readonly set: readonly Field[];
  private readonly added: readonly Field[];

  constructor({ remove, set, add }: HeaderChangesConfig) {
    this.removed = remove.map((name) => Buffer.from(name, "latin1"));
    this.set = set.map(fieldOf);
    this.added = add.map(fieldOf);
  }

  /** Removes, then sets, then adds. */
  apply(head: Head): void {
    const { removed, set, added } = this;
    for (let i = 0; i < removed.length; i++) head.remove(removed[i]!);
    for (let i = 0; i < set.length; i++) head.replace(set[i]!.name, set[i]!.value);
    for (let i = 0; i < added.length; i++) head.append(added[i]!.name, added[i]!.value);
  }
}

function fieldOf([name, value]: readonly [string, string]): Field {
  return { name: Buffer.from(name, "latin1"), value: Buffer.from(value, "latin1") };
}
