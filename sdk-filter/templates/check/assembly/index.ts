// FILTER_NAME: denies requests whose path begins with a closed prefix. Change `check` to what you need.

import { Attribute, Filter, Matcher, Verdict, filter } from "@sluice/sdk-filter/assembly";
import { Config } from "./config"; // generated from the configuration schema in filter.yaml

export * from "@sluice/sdk-filter/assembly/exports"; // the functions the proxy calls

const CLOSED: i32 = 1;

class FilterClass extends Filter<Config> {
  path: Attribute = Attribute.of("request.url_path");
  areas: Matcher = Matcher.prefixes();

  /** Once, when the proxy loads the filter. False refuses the configuration, and what ran before stays in charge. */
  configure(config: Config): bool {
    for (let i = 0; i < config.closed.length; i++) this.areas.add(config.closed[i], CLOSED);
    return this.areas.ready();
  }

  /** For every request, before anything of it goes on. */
  check(): Verdict {
    return this.areas.classOf(this.path) == CLOSED ? this.deny("closed-area") : Verdict.Allow;
  }
}

filter<FilterClass>();
