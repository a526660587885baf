// Conditions of a configuration: "this attribute has one of these values", several of which must all hold.
//
//   when: [{ attribute: "request.headers[x-chaos]", values: ["on", "yes*"] }, { attribute: request.method, notValues: [GET] }]

import { Attribute } from "./attribute";
import { log } from "./log";
import { Patterns } from "./patterns";

/** Filled in `configure`, asked in a callback; none hold always. Asking allocates nothing. */
@final
export class Conditions {
  private readonly list: Condition[] = [];

  /**
   * Adds one: `values` and `notValues` are patterns (see Patterns), exactly one of them given. False, with the reason logged
   * under `place`, when they cannot be used. An attribute the host does not know refuses the revision.
   */
  add(place: string, attribute: string, values: string[], notValues: string[]): bool {
    const negated = values.length == 0;
    const texts = negated ? notValues : values;
    if (texts.length == 0 || (!negated && notValues.length > 0))
      return refuse(place, "either values or notValues is expected");
    const patterns = new Patterns();
    for (let i = 0; i < texts.length; i++) {
      if (!patterns.add(texts[i])) return refuse(place, "'" + texts[i] + "' is no pattern: abc, abc*, *abc or *");
    }
    patterns.freeze();
    this.list.push(new Condition(attribute, patterns, negated));
    return true;
  }

  hold(): bool {
    const list = this.list;
    for (let i = 0; i < list.length; i++) if (!unchecked(list[i]).holds()) return false;
    return true;
  }
}

/** One attribute and its patterns. */
@final
class Condition {
  private readonly attribute: Attribute;
  private readonly patterns: Patterns;
  private readonly negated: bool;
  /** A header, which may stand in a message several times. */
  private readonly several: bool;

  constructor(attribute: string, patterns: Patterns, negated: bool) {
    this.attribute = Attribute.of(attribute);
    this.patterns = patterns;
    this.negated = negated;
    this.several = attribute.endsWith("]");
  }

  /** Of a header's lines any may match; with `notValues` none may. An absent attribute has none of the values. */
  holds(): bool {
    return (this.several ? this.anyLineMatches() : this.valueMatches()) != this.negated;
  }

  private valueMatches(): bool {
    const value = this.attribute.read();
    return value !== null && this.patterns.matches(value);
  }

  private anyLineMatches(): bool {
    const lines = this.attribute.values();
    if (lines === null) return false;
    while (lines.next()) if (this.patterns.matches(lines.name)) return true;
    return false;
  }
}

function refuse(place: string, reason: string): bool {
  log.error("configuration refused: " + place + ": " + reason);
  return false;
}
