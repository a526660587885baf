// Classes of values: a table of texts, each with a number, and the question which of them an attribute's value falls
// under. The table is the host's: a check that asks for the class instead of the value can be answered for all values of that
// class alike, and costs one hostcall however long the table is.

import { out } from "./arena";
import { Attribute } from "./attribute";
import { ByteBuilder } from "./byte-builder";
import { Text, Value } from "./bytes";
import { MatcherKind, Status } from "./generated/enums";
import { policy_match, policy_matcher } from "./generated/hostcalls";

/** Two sizes, ten digits, two zeros. */
const ENTRY_BYTES_MAX: i32 = 20;

/** Fill it in `configure` and call `ready`; ask it in `check`. */
@final
export class Matcher {
  private readonly kind: MatcherKind;
  private readonly texts: Text[] = [];
  private readonly classes: i32[] = [];
  private bytesMax: i32 = 4;
  private valid: bool = true;
  private isReady: bool = false;
  private id: u32 = 0;

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
  /** Addresses, with or without a port, in a network (`10.0.0.0/8`, `::1`); the smallest wins. */
  static networks(): Matcher {
    return new Matcher(MatcherKind.Cidr);
  }

  constructor(kind: MatcherKind) {
    this.kind = kind;
  }

  /** Puts values under `text` into class `class_`, which is 1 or more. No text twice. */
  add(text: string, class_: i32): void {
    if (class_ < 1) this.valid = false;
    const bytes = Text.of(text);
    this.texts.push(bytes);
    this.classes.push(class_);
    this.bytesMax += ENTRY_BYTES_MAX + bytes.size;
  }

  /** Ends the filling; false when a class was below 1, a text came twice, a network is none, or the table is too large. */
  ready(): bool {
    if (!this.valid) return false;
    const table = this.table();
    this.isReady = policy_matcher(this.kind, table.start, table.size, out) == Status.Ok;
    this.id = load<u32>(out);
    return this.isReady;
  }

  /** Class of the attribute's value: 0 = under no text, -1 = absent, -2 = several values, so that no one of them is it. */
  classOf(attribute: Attribute): i32 {
    assert(this.isReady, "the matcher is not ready");
    const status = policy_match(this.id, attribute.id, out);
    assert(status == Status.Ok, "the attribute cannot be matched");
    return load<i32>(out);
  }

  /** Serialised pairs (pairs.ts): each text with its class in decimal. */
  private table(): Value {
    const texts = this.texts;
    const classes = this.classes;
    const table = new ByteBuilder(this.bytesMax);
    table.u32(texts.length);
    for (let at = 0; at < texts.length; at++) {
      table.u32(texts[at].size);
      table.u32(digitsOf(classes[at]));
    }
    for (let at = 0; at < texts.length; at++) {
      table.text(texts[at]);
      table.byte(0);
      table.decimal(classes[at]);
      table.byte(0);
    }
    return table.value;
  }
}

function digitsOf(number: i32): u32 {
  let digits = 1;
  for (let rest = number / 10; rest > 0; rest /= 10) digits++;
  return digits;
}
