// One field of a source, an operation or a `when`: an attribute and what its values are compared with.

import { AddressBlock, Patterns, Value } from "@sluice/sdk-filter/assembly";
import { Match } from "./match";
import { AddressFact, Fact, NumberFact, Presence, TextFact } from "./request-facts";

/** How the rule around a condition wants it read. */
@final
export class Mode {
  /** The rule belongs to a DENY policy. */
  readonly isDeny: bool;
  /** The rule says `ifAbsent: deny`. */
  readonly absentDenies: bool;
  /** A `not…` field: none of the patterns may match. */
  readonly negated: bool;

  constructor(isDeny: bool, absentDenies: bool, negated: bool) {
    this.isDeny = isDeny;
    this.absentDenies = absentDenies;
    this.negated = negated;
  }

  /** A positive match on an absent attribute does not match, a negated one does, unless the rule takes exception to it. */
  get whenAbsent(): Match {
    if (this.absentDenies) return Match.Absent;
    return this.negated ? Match.Yes : Match.No;
  }
}

export abstract class Condition {
  protected readonly isDeny: bool;
  protected readonly negated: bool;
  private readonly fact: Fact;
  private readonly whenAbsent: Match;

  constructor(fact: Fact, mode: Mode) {
    this.fact = fact;
    this.isDeny = mode.isDeny;
    this.negated = mode.negated;
    this.whenAbsent = mode.whenAbsent;
  }

  match(): Match {
    const presence = this.fact.find();
    if (presence == Presence.Absent) return this.whenAbsent;
    if (presence == Presence.Failed) return Match.Failed;
    return this.matchPresent();
  }

  protected abstract matchPresent(): Match;

  /** `hit`: a pattern fits. */
  protected outcome(hit: bool): Match {
    return hit != this.negated ? Match.Yes : Match.No;
  }
}

/** Patterns on texts. */
export class TextCondition extends Condition {
  private readonly texts: TextFact;
  private readonly patterns: Patterns;

  constructor(fact: TextFact, patterns: Patterns, mode: Mode) {
    super(fact, mode);
    this.texts = fact;
    this.patterns = patterns;
  }

  /**
   * A header that stands in the request several times is tested line by line, and the strictest line counts: one that
   * matches is enough for a DENY rule, an ALLOW rule wants every line to match. Taking the first, the last or the lines
   * joined by commas are three known ways round a rule.
   */
  protected matchPresent(): Match {
    const texts = this.texts;
    const enough = this.isDeny ? Match.Yes : Match.No;
    texts.rewind();
    while (texts.next()) {
      if (this.outcome(this.fits(texts.value)) == enough) return enough;
    }
    if (!texts.readWell) return Match.Failed;
    return this.isDeny ? Match.No : Match.Yes;
  }

  protected fits(value: Value): bool {
    return this.patterns.matches(value);
  }
}

/** Patterns on the host. One without a port matches the host on every port, so that `a.test:81` is no way round `a.test`. */
@final
export class HostCondition extends TextCondition {
  private readonly withoutPort: Patterns;
  private readonly name: Value = new Value();

  constructor(fact: TextFact, withPort: Patterns, withoutPort: Patterns, mode: Mode) {
    super(fact, withPort, mode);
    this.withoutPort = withoutPort;
  }

  protected fits(value: Value): bool {
    this.name.set(value.start, hostNameSize(value));
    return this.withoutPort.matches(this.name) || super.fits(value);
  }
}

/** Size of `host` in `host`, `host:80`, `[::1]` and `[::1]:80`. */
function hostNameSize(host: Value): i32 {
  const bracket = host.indexOf(0x5d);
  const colon = host.indexOf(0x3a, bracket < 0 ? 0 : bracket);
  return colon < 0 ? host.size : colon;
}

/** Addresses and blocks. */
@final
export class AddressCondition extends Condition {
  private readonly source: AddressFact;
  private readonly blocks: StaticArray<AddressBlock>;

  constructor(fact: AddressFact, blocks: AddressBlock[], mode: Mode) {
    super(fact, mode);
    this.source = fact;
    this.blocks = StaticArray.fromArray(blocks);
  }

  protected matchPresent(): Match {
    const blocks = this.blocks;
    for (let i = 0; i < blocks.length; i++) {
      if (unchecked(blocks[i]).contains(this.source.address)) return this.outcome(true);
    }
    return this.outcome(false);
  }
}

/** Numbers. */
@final
export class NumberCondition extends Condition {
  private readonly source: NumberFact;
  private readonly numbers: StaticArray<i32>;

  constructor(fact: NumberFact, numbers: i32[], mode: Mode) {
    super(fact, mode);
    this.source = fact;
    this.numbers = StaticArray.fromArray(numbers);
  }

  protected matchPresent(): Match {
    return this.outcome(this.source.number <= i32.MAX_VALUE && this.numbers.includes(<i32>this.source.number));
  }
}
