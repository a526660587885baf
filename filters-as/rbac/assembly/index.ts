// rbac: may this request pass? Policies with rules, in the manner of Istio's AuthorizationPolicy:
//
//   1. a rule of a DENY policy matches            → denied, the reason is the rule's id
//   2. there is no ALLOW policy                   → allowed
//   3. a rule of an ALLOW policy matches          → allowed
//   4. otherwise                                  → denied, the reason is "no-allow-rule"
//
// Everything is prepared in `configure` (policy-compiler.ts); `check` only walks what was prepared and allocates nothing.

import { Filter, Metric, Verdict, filter } from "@sluice/sdk-filter/assembly";
import { Config } from "./config";
import { PolicyCompiler } from "./policy-compiler";
import { RequestFacts } from "./request-facts";
import { Rule } from "./rule";

export * from "@sluice/sdk-filter/assembly/exports";

const NO_ALLOW_RULE: string = "no-allow-rule";

class Rbac extends Filter<Config> {
  facts: RequestFacts = new RequestFacts();
  failures: Metric = Metric.counter("rbac.evaluation_failures");
  /** Rules that can deny by themselves, and those that can allow. */
  denying: StaticArray<Rule> = [];
  allowing: StaticArray<Rule> = [];
  hasAllowPolicy: bool = false;

  configure(config: Config): bool {
    const compiler = new PolicyCompiler(this.facts);
    if (!compiler.compile(config)) return false;
    this.denying = StaticArray.fromArray(compiler.denying);
    this.allowing = StaticArray.fromArray(compiler.allowing);
    this.hasAllowPolicy = compiler.hasAllowPolicy;
    return true;
  }

  check(): Verdict {
    this.facts.forget();
    const verdict = this.decide();
    if (this.facts.anyFailed) this.failures.increment();
    return verdict;
  }

  private decide(): Verdict {
    const denying = this.denying;
    for (let i = 0; i < denying.length; i++) {
      if (unchecked(denying[i]).denies()) return this.deny(unchecked(denying[i]).id);
    }
    if (!this.hasAllowPolicy) return Verdict.Allow;
    const allowing = this.allowing;
    for (let i = 0; i < allowing.length; i++) {
      if (unchecked(allowing[i]).allows()) return Verdict.Allow;
    }
    return this.deny(NO_ALLOW_RULE);
  }
}

filter<Rbac>();
