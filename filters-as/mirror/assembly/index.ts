// mirror: asks the host to copy requests to other clusters. The host makes each copy of the request as it goes upstream,
// marks it, leaves credentials out, and waits for nothing; this filter only says which requests go where.

import { Action, Filter, Metric, ReusedStream, Stream, Text, filter } from "@sluice/sdk-filter/assembly";
import { Config } from "./config";
import { Target } from "./target";

export * from "@sluice/sdk-filter/assembly/exports";

const METHOD: Text = Text.of(":method");

class Mirror extends Filter<Config> {
  targets: StaticArray<Target> = [];
  /** Copies the host would not make: it has no such cluster, or the capability is missing. */
  refused: Metric = Metric.counter("mirror.refused");

  configure(config: Config): bool {
    const targets: Target[] = [];
    let usable = true;
    for (let i = 0; i < config.targets.length; i++) {
      const target = new Target(config.targets[i]);
      if (!target.compile(config.targets[i], `targets[${i}]`)) usable = false;
      targets.push(target);
    }
    this.targets = StaticArray.fromArray(targets);
    return usable;
  }

  newStream(): Stream | null {
    return new MirrorStream(this);
  }
}

@final
class MirrorStream extends ReusedStream {
  private readonly filter: Mirror;

  constructor(filter: Mirror) {
    super();
    this.filter = filter;
  }

  begin(): void {}

  requestHeaders(endOfStream: bool): Action {
    const targets = this.filter.targets;
    const method = this.request.headers.read(METHOD);
    if (method === null) return Action.Continue;
    for (let i = 0; i < targets.length; i++) {
      const target = unchecked(targets[i]);
      if (!target.takes(method)) continue;
      if (!this.mirror(target.cluster, target.flags)) this.filter.refused.increment();
    }
    return Action.Continue;
  }
}

filter<Mirror>();
