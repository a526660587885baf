// Many texts compared with one value in one walk over the value's bytes, however many texts there are. Filled while the
// plugin starts, then read without allocating.
//
//   node = four ints:  byte | first child | next sibling | class      node 0 is the root; 0 = none in the last three
//
//   "/a" → 1, "/ab" → 2:   root ─▶ '/' ─▶ 'a' class 1 ─▶ 'b' class 2

import { Value } from "./bytes";

const NODE_INTS: i32 = 4;
const BYTE: i32 = 0;
const CHILD: i32 = 1;
const SIBLING: i32 = 2;
const CLASS: i32 = 3;

/** Which end of the value the texts are compared from. */
export enum TrieEnd {
  Start = 0,
  /** For suffixes: texts and values are walked backwards. */
  End = 1,
}

/** Texts with a class number (1 and up) each. */
@final
export class ByteTrie {
  /** How many texts were added. */
  count: i32 = 0;
  private building: i32[] = [0, 0, 0, 0];
  private nodes: StaticArray<i32> = new StaticArray<i32>(NODE_INTS);
  private readonly fromEnd: bool;
  private readonly foldCase: bool;

  /** `foldCase` compares A–Z as a–z. */
  constructor(end: TrieEnd = TrieEnd.Start, foldCase: bool = false) {
    this.fromEnd = end == TrieEnd.End;
    this.foldCase = foldCase;
  }

  /** Adds a text; a text that was added before keeps its first class. */
  add(text: string, class_: i32): void {
    const bytes = String.UTF8.encode(text);
    const start = changetype<usize>(bytes);
    const size = bytes.byteLength;
    let node = 0;
    for (let i = 0; i < size; i++) node = this.childOrNew(node, this.byteAt(start, size, i));
    if (this.building[node + CLASS] == 0) this.building[node + CLASS] = class_;
    this.count++;
  }

  /** Makes the texts added so far ready to be found. */
  freeze(): void {
    this.nodes = StaticArray.fromArray(this.building);
  }

  /** Class of the text that equals the whole value; 0 when none does. */
  exact(start: usize, size: i32): i32 {
    const nodes = this.nodes;
    let node = 0;
    for (let i = 0; i < size; i++) {
      node = child(nodes, node, this.byteAt(start, size, i));
      if (node == 0) return 0;
    }
    return unchecked(nodes[node + CLASS]);
  }

  /** Class of the longest text that the value begins (or ends) with; 0 when there is none. */
  longest(start: usize, size: i32): i32 {
    const nodes = this.nodes;
    let node = 0;
    let found = unchecked(nodes[CLASS]);
    for (let i = 0; i < size; i++) {
      node = child(nodes, node, this.byteAt(start, size, i));
      if (node == 0) return found;
      const class_ = unchecked(nodes[node + CLASS]);
      if (class_ != 0) found = class_;
    }
    return found;
  }

  /** Whether the value begins (or ends) with any of the texts; cheaper than `longest`, as it stops at the first. */
  any(start: usize, size: i32): bool {
    const nodes = this.nodes;
    let node = 0;
    for (let i = 0; i < size; i++) {
      node = child(nodes, node, this.byteAt(start, size, i));
      if (node == 0) return false;
      if (unchecked(nodes[node + CLASS]) != 0) return true;
    }
    return false;
  }

  private byteAt(start: usize, size: i32, index: i32): i32 {
    const byte = <i32>load<u8>(start + (this.fromEnd ? size - 1 - index : index));
    return this.foldCase && <u32>(byte - 0x41) < 26 ? byte | 0x20 : byte;
  }

  private childOrNew(node: i32, byte: i32): i32 {
    const nodes = this.building;
    for (let at = nodes[node + CHILD]; at != 0; at = nodes[at + SIBLING]) if (nodes[at + BYTE] == byte) return at;
    const added = nodes.length;
    nodes.push(byte);
    nodes.push(0);
    nodes.push(nodes[node + CHILD]);
    nodes.push(0);
    nodes[node + CHILD] = added;
    return added;
  }
}

function child(nodes: StaticArray<i32>, node: i32, byte: i32): i32 {
  let at = unchecked(nodes[node + CHILD]);
  while (at != 0 && unchecked(nodes[at + BYTE]) != byte) at = unchecked(nodes[at + SIBLING]);
  return at;
}
