// Lists of patterns: `abc` equal, `abc*` prefix, `*abc` suffix, `*` present (not empty). A value is compared with all of
// a list in at most three walks over its bytes, however long the list is.

import { ByteTrie, TrieEnd } from "./byte-trie";
import { Value } from "./bytes";

const STAR: i32 = 0x2a;

@final
export class Patterns {
  private readonly exact: ByteTrie;
  private readonly prefixes: ByteTrie;
  private readonly suffixes: ByteTrie;
  private anyPresent: bool = false;

  /** `foldCase` is for names that have no case: hosts. */
  constructor(foldCase: bool = false) {
    this.exact = new ByteTrie(TrieEnd.Start, foldCase);
    this.prefixes = new ByteTrie(TrieEnd.Start, foldCase);
    this.suffixes = new ByteTrie(TrieEnd.End, foldCase);
  }

  /** Adds a pattern; false when it is none: empty, or with a star that is neither first nor last. */
  add(pattern: string): bool {
    const text = literalOf(pattern);
    if (pattern.length == 0 || text.includes("*")) return false;
    if (pattern == "*") this.anyPresent = true;
    else if (pattern.charCodeAt(0) == STAR) this.suffixes.add(text, 1);
    else if (pattern.endsWith("*")) this.prefixes.add(text, 1);
    else this.exact.add(text, 1);
    return true;
  }

  /** Ends the adding. */
  freeze(): void {
    this.exact.freeze();
    this.prefixes.freeze();
    this.suffixes.freeze();
  }

  matches(value: Value): bool {
    const start = value.start;
    const size = value.size;
    if (this.anyPresent && size > 0) return true;
    if (this.exact.count > 0 && this.exact.exact(start, size) != 0) return true;
    if (this.prefixes.count > 0 && this.prefixes.any(start, size)) return true;
    return this.suffixes.count > 0 && this.suffixes.any(start, size);
  }
}

/** The pattern without its star. */
export function literalOf(pattern: string): string {
  if (pattern.length > 0 && pattern.charCodeAt(0) == STAR) return pattern.substring(1);
  return pattern.endsWith("*") ? pattern.substring(0, pattern.length - 1) : pattern;
}
