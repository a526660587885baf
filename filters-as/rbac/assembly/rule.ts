// Rules as `check` walks them: any of `from`, any of `to` and all of `when`, each in the end a condition on one attribute.

import { Condition } from "./condition";
import { Match } from "./match";

/** Conditions that must all hold: one `source`, one `operation`, or the whole of `when`. None hold always. */
@final
export class AllOf {
  private readonly conditions: StaticArray<Condition>;

  constructor(conditions: Condition[]) {
    this.conditions = StaticArray.fromArray(conditions);
  }

  match(): Match {
    const conditions = this.conditions;
    let least = Match.Yes;
    for (let i = 0; i < conditions.length && least != Match.No; i++) {
      const match = unchecked(conditions[i]).match();
      if (match < least) least = match;
    }
    return least;
  }
}

/** A rule of an ALLOW or a DENY policy. */
@final
export class Rule {
  /** The reason of its denials. */
  readonly id: string;
  private readonly isDeny: bool;
  private readonly from: StaticArray<AllOf>;
  private readonly to: StaticArray<AllOf>;
  private readonly when: AllOf;

  constructor(id: string, isDeny: bool, from: AllOf[], to: AllOf[], when: AllOf) {
    this.id = id;
    this.isDeny = isDeny;
    this.from = StaticArray.fromArray(from);
    this.to = StaticArray.fromArray(to);
    this.when = when;
  }

  /** A DENY rule denies unless it surely does not match; an ALLOW rule where it hangs on something absent. */
  denies(): bool {
    const match = this.match();
    return this.isDeny ? match != Match.No : match == Match.Absent;
  }

  allows(): bool {
    return this.match() == Match.Yes;
  }

  private match(): Match {
    const to = anyOf(this.to, Match.Yes);
    if (to == Match.No) return to;
    const from = anyOf(this.from, to);
    if (from == Match.No) return from;
    const when = this.when.match();
    return when < from ? when : from;
  }
}

/** The greatest of the alternatives, but at most `limit`; no alternatives at all mean any. */
function anyOf(alternatives: StaticArray<AllOf>, limit: Match): Match {
  if (alternatives.length == 0) return limit;
  let greatest = Match.No;
  for (let i = 0; i < alternatives.length && greatest != Match.Yes; i++) {
    const match = unchecked(alternatives[i]).match();
    if (match > greatest) greatest = match;
  }
  return greatest < limit ? greatest : limit;
}
