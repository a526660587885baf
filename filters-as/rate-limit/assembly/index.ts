// rate-limit: may this be asked for so often? Each limit is a quota of the deployment and what tells requests apart.
//
//   check      every limit that is for the request takes its amount out of its bucket
//                one refuses → 429, and the host gives back what the others took: all or none
//   request    with `fields: always`: what is left, for the answer
//   response   the fields
//
// The buckets are the host's: shared by all workers, kept over reloads. Nothing of them is in this filter.

import {
  Action,
  Filter,
  ReplyFields,
  ReusedStream,
  Stream,
  Text,
  Verdict,
  filter,
  log,
} from "@sluice/sdk-filter/assembly";
import { Config } from "./config";
import { Applies, Limit } from "./limit";
import { RateLimitFields } from "./rate-limit-fields";

export * from "@sluice/sdk-filter/assembly/exports";

const RETRY_AFTER: Text = Text.of("retry-after");
const RATE_LIMIT: Text = Text.of("ratelimit");
const RATE_LIMIT_POLICY: Text = Text.of("ratelimit-policy");

class RateLimit extends Filter<Config> {
  limits: StaticArray<Limit> = [];
  fields: RateLimitFields = new RateLimitFields();
  /** On which answers the fields stand, beside 429s without them. */
  onRefused: bool = true;
  onPassed: bool = false;
  private readonly answer: ReplyFields = new ReplyFields();

  configure(config: Config): bool {
    const limits: Limit[] = [];
    let usable = true;
    for (let i = 0; i < config.limits.length; i++) {
      const limit = new Limit(config.limits[i]);
      if (!limit.compile(config.limits[i], `limits[${i}]`)) usable = false;
      for (let j = 0; j < i; j++) if (limits[j].name == limit.name) usable = refuseName(i, limit.name);
      limits.push(limit);
    }
    this.limits = StaticArray.fromArray(limits);
    this.onRefused = config.fields != "never";
    this.onPassed = config.fields == "always";
    return usable;
  }

  check(): Verdict {
    const limits = this.limits;
    for (let i = 0; i < limits.length; i++) {
      const limit = unchecked(limits[i]);
      const applies = limit.buildKey();
      if (applies == Applies.No) continue;
      if (applies == Applies.Nameless) return this.deny(limit.absentReason);
      if (limit.take()) continue;
      return limit.quota.failed ? Verdict.Error : this.refuse(i);
    }
    return Verdict.Allow;
  }

  newStream(): Stream | null {
    return this.onPassed ? new RateLimitStream(this) : null;
  }

  /** 429 with the longest wait of all limits: who comes back earlier would only be refused by the next one. */
  private refuse(refusing: i32): Verdict {
    const limits = this.limits;
    const fields = this.fields;
    fields.clear();
    let waitMs: u32 = 0;
    for (let i = 0; i < limits.length; i++) {
      const limit = unchecked(limits[i]);
      if (limit.buildKey() != Applies.Yes) continue;
      // Those before the one that refuses have granted and will be given back what they granted.
      const hasTaken = i < refusing;
      if (!hasTaken && !limit.peek()) waitMs = max(waitMs, limit.quota.retryAfterMs);
      if (this.onRefused) fields.add(limit, hasTaken ? limit.amount : 0);
    }
    this.answer.clear();
    this.answer.addValue(RETRY_AFTER, fields.seconds(max(waitMs, 1)));
    if (fields.isFilled) {
      this.answer.addValue(RATE_LIMIT_POLICY, fields.policies);
      this.answer.addValue(RATE_LIMIT, fields.levels);
    }
    return this.denyWith(unchecked(limits[refusing]).name, 429, this.answer, "Too Many Requests\n");
  }
}

/** With `fields: always` only: what is left is asked while the request passes, and told when the answer does. */
@final
class RateLimitStream extends ReusedStream {
  private readonly filter: RateLimit;
  private readonly fields: RateLimitFields = new RateLimitFields();

  constructor(filter: RateLimit) {
    super();
    this.filter = filter;
  }

  begin(): void {
    this.fields.clear();
  }

  requestHeaders(endOfStream: bool): Action {
    const limits = this.filter.limits;
    for (let i = 0; i < limits.length; i++) {
      if (unchecked(limits[i]).buildKey() == Applies.Yes) this.fields.add(unchecked(limits[i]), 0);
    }
    return Action.Continue;
  }

  responseHeaders(endOfStream: bool): Action {
    if (!this.fields.isFilled) return Action.Continue;
    this.response.headers.addValue(RATE_LIMIT_POLICY, this.fields.policies);
    this.response.headers.addValue(RATE_LIMIT, this.fields.levels);
    return Action.Continue;
  }
}

function refuseName(index: i32, name: string): bool {
  log.error(
    `configuration refused: limits[${index}].name: a second limit is called '${name}', and their buckets would be one`,
  );
  return false;
}

filter<RateLimit>();
