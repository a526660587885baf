// headers: sets, adds and removes header fields of requests and responses, by rules with conditions.
//
//   request arrives   → which rules hold? (kept for the response) → their changes to the request
//   response arrives  → the changes to the response of the rules that held
//
// Conditions are looked at once, before this filter changes anything: a rule cannot make another one hold.

import { Action, Conditions, Filter, ReusedStream, Stream, filter, log } from "@sluice/sdk-filter/assembly";
import { HeaderChanges } from "./header-changes";
import { Config, Rule as RuleConfig } from "./config";

export * from "@sluice/sdk-filter/assembly/exports";

/** As many as there are bits in a stream's mask. */
const RULES_MAX: i32 = 32;

/** Changes and when they are made. */
@final
class Rule {
  readonly when: Conditions = new Conditions();
  readonly request: HeaderChanges = new HeaderChanges();
  readonly response: HeaderChanges = new HeaderChanges();

  /** False, with the reason logged, when something cannot be used. */
  compile(config: RuleConfig, place: string): bool {
    let usable = true;
    for (let i = 0; i < config.when.length; i++) {
      const when = config.when[i];
      if (when.attribute.startsWith("response."))
        usable = refuse(`${place}.when[${i}]`, "conditions are about the request");
      else if (!this.when.add(`${place}.when[${i}]`, when.attribute, when.values, when.notValues)) usable = false;
    }
    const request = config.request;
    const response = config.response;
    if (request === null && response === null) return refuse(place, "request or response is expected");
    if (request !== null && !this.request.compile(request, place + ".request")) usable = false;
    if (response !== null && !this.response.compile(response, place + ".response")) usable = false;
    return usable;
  }
}

class HeadersFilter extends Filter<Config> {
  rules: StaticArray<Rule> = [];

  configure(config: Config): bool {
    if (config.rules.length > RULES_MAX) return refuse("rules", `more than ${RULES_MAX}`);
    const rules: Rule[] = [];
    let usable = true;
    for (let i = 0; i < config.rules.length; i++) {
      rules.push(new Rule());
      if (!rules[i].compile(config.rules[i], `rules[${i}]`)) usable = false;
    }
    this.rules = StaticArray.fromArray(rules);
    return usable;
  }

  newStream(): Stream | null {
    return new HeadersStream(this.rules);
  }
}

@final
class HeadersStream extends ReusedStream {
  private readonly rules: StaticArray<Rule>;
  /** A bit for each rule that holds for this request. */
  private holding: u32 = 0;

  constructor(rules: StaticArray<Rule>) {
    super();
    this.rules = rules;
  }

  begin(): void {
    this.holding = 0;
  }

  requestHeaders(endOfStream: bool): Action {
    const rules = this.rules;
    for (let i = 0; i < rules.length; i++) if (unchecked(rules[i]).when.hold()) this.holding |= 1 << i;
    for (let i = 0; i < rules.length; i++) if (this.holds(i)) unchecked(rules[i]).request.apply(this.request.headers);
    return Action.Continue;
  }

  responseHeaders(endOfStream: bool): Action {
    const rules = this.rules;
    for (let i = 0; i < rules.length; i++) if (this.holds(i)) unchecked(rules[i]).response.apply(this.response.headers);
    return Action.Continue;
  }

  private holds(rule: i32): bool {
    return ((this.holding >>> rule) & 1) != 0;
  }
}

function refuse(place: string, reason: string): bool {
  log.error("configuration refused: " + place + ": " + reason);
  return false;
}

filter<HeadersFilter>();
