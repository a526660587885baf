// One limit of the configuration: whom it is for, the key of their bucket, and the quota the bucket belongs to.

import { Conditions, KeyPart, Quota, Text, log } from "@sluice/sdk-filter/assembly";
import { Limit as LimitConfig } from "./config";
import { LimitKey } from "./limit-key";
import { PathPart } from "./path-part";

/** Whether a limit is for the request at hand. */
export enum Applies {
  Yes = 0,
  No = 1,
  /** It is, and the request lacks what would say whose bucket it is. */
  Nameless = 2,
}

@final
export class Limit {
  readonly name: string;
  readonly nameText: Text;
  readonly quota: Quota;
  readonly amount: u32;
  /** `"per-user";q=100;w=60` */
  policy: Text = Text.of("");
  /** The most that can be had at once. */
  burst: u32 = 0;
  /** The reason of a denial when a part of the key is missing. */
  readonly absentReason: string;
  private readonly key: LimitKey;
  private readonly when: Conditions = new Conditions();
  private readonly skipsAbsent: bool;
  private readonly deniesAbsent: bool;

  constructor(config: LimitConfig) {
    const name = config.name.length > 0 ? config.name : config.quota;
    const nameText = Text.of(name);
    this.name = name;
    this.nameText = nameText;
    this.absentReason = name + "-absent";
    this.quota = Quota.of(config.quota);
    this.amount = <u32>config.amount;
    this.key = new LimitKey(nameText);
    this.skipsAbsent = config.ifAbsent == "skip";
    this.deniesAbsent = config.ifAbsent == "deny";
  }

  /** False, with every reason logged, when something cannot be used. */
  compile(config: LimitConfig, place: string): bool {
    let usable = this.compileQuota(place);
    for (let i = 0; i < config.when.length; i++) {
      const when = config.when[i];
      if (!this.when.add(`${place}.when[${i}]`, when.attribute, when.values, when.notValues)) usable = false;
    }
    for (let i = 0; i < config.by.length; i++) {
      const part = config.by[i] == "path" ? new PathPart(config.paths) : KeyPart.parse(config.by[i]);
      if (part !== null) this.key.add(part);
      else
        usable = refuse(
          `${place}.by[${i}]`,
          "header:NAME, cookie:NAME, attribute:NAME, source, route, path or constant:TEXT is expected",
        );
    }
    if (config.by.includes("path") != config.paths.length > 0)
      usable = refuse(place + ".paths", "`path` in `by` and `paths` go together");
    if (config.by.length > LimitKey.PARTS_MAX) usable = refuse(place + ".by", `at most ${LimitKey.PARTS_MAX}`);
    return usable;
  }

  /** Builds the key that `take`, `peek` and `left` then mean. */
  buildKey(): Applies {
    if (!this.when.hold()) return Applies.No;
    this.key.build();
    if (this.key.isWhole) return Applies.Yes;
    if (this.deniesAbsent) return Applies.Nameless;
    // Two of a header are not none: skipped, a second line would be a way round the limit.
    return this.skipsAbsent && !this.key.isAmbiguous ? Applies.No : Applies.Yes;
  }

  take(): bool {
    return this.quota.take(this.key.value, this.amount);
  }
  peek(): bool {
    return this.quota.peek(this.key.value, this.amount);
  }
  left(): u32 {
    return this.quota.left(this.key.value, this.burst);
  }

  private compileQuota(place: string): bool {
    const burst = this.quota.readBurst();
    if (burst == 0) return refuse(place + ".quota", "the deployment has no quota '" + this.quota.name + "'");
    if (<i64>this.amount > burst)
      return refuse(place + ".amount", `the quota gives at most ${burst} at once: this could never be had`);
    this.burst = <u32>burst;
    const windowS = (this.quota.readWindowMs() + 999) / 1000;
    this.policy = Text.of(`"${this.name}";q=${burst};w=${windowS}`);
    return true;
  }
}

function refuse(place: string, reason: string): bool {
  log.error("configuration refused: " + place + ": " + reason);
  return false;
}
