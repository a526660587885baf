// Classes of values: a table of texts, each with a number, and the question which of them an attribute's value falls
// under. A check that asks for the class instead of the value can answer for all values of that class alike.
// The table lives in the filter's memory, because the host offers no matchers yet; the face is the host's
// (`policy_matcher`, `policy_match`), so that filters need not change when it does.

import { Attribute } from "./attribute";
import { ByteTrie, TrieEnd } from "./byte-trie";
import { Value } from "./bytes";
import { MatcherKind } from "./generated/enums";

/** Fill it in `configure` and call `ready`; ask it in `check`. */
@final
export class Matcher {
  private readonly kind: MatcherKind;
  private readonly texts: ByteTrie;
  private valid: bool = true;

  /** Values equal to a text. */
  static exact(): Matcher {
    return new Matcher(MatcherKind.Exact);
  }
  /** Values that begin with a text; the longest wins. */
  static prefixes(): Matcher {
    return new Matcher(MatcherKind.Prefix);
  }
  /** Values that end with a text; the longest wins. */
  static suffixes(): Matcher {
    return new Matcher(MatcherKind.Suffix);
  }

  constructor(kind: MatcherKind) {
    this.kind = kind;
    this.texts = new ByteTrie(kind == MatcherKind.Suffix ? TrieEnd.End : TrieEnd.Start);
  }

  /** Puts values under `text` into class `class_`, which is 1 or more. */
  add(text: string, class_: i32): void {
    if (class_ < 1) this.valid = false;
    this.texts.add(text, class_);
  }

  /** Ends the filling; false when a class was below 1. */
  ready(): bool {
    this.texts.freeze();
    return this.valid;
  }

  /** Class of the attribute's value: 0 = under no text, -1 = absent, -2 = several values (ask each by `classOfValue`). */
  classOf(attribute: Attribute): i32 {
    const values = attribute.values();
    if (values === null || values.count == 0) return -1;
    if (values.count > 1) return -2;
    return values.next() ? this.classOfValue(values.name) : -1;
  }

  /** Class of one value; 0 when it is under no text. */
  classOfValue(value: Value): i32 {
    if (this.kind == MatcherKind.Exact) return this.texts.exact(value.start, value.size);
    return this.texts.longest(value.start, value.size);
  }
}
