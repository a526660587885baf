// fault: delays and aborts a share of requests.
//
//   request arrives → the first fault whose conditions hold and whose share it falls into
//     delay         → held; a timer that runs only while something is held lets it go
//     abort         → answered here, after the delay if there is one

import { Action, Filter, Metric, Stream, filter, log } from "@sluice/sdk-filter/assembly";
import { Config } from "./config";
import { Delayed, DelayLine } from "./delay-line";
import { Fault } from "./fault";

export * from "@sluice/sdk-filter/assembly/exports";

class FaultFilter extends Filter<Config> {
  faults: StaticArray<Fault> = [];
  line: DelayLine = new DelayLine();
  delays: Metric = Metric.counter("fault.delays");
  aborts: Metric = Metric.counter("fault.aborts");
  /** Requests that were to be delayed when too many were already. */
  skipped: Metric = Metric.counter("fault.delays_skipped");

  configure(config: Config): bool {
    const faults: Fault[] = [];
    let usable = true;
    let delays = false;
    for (let i = 0; i < config.faults.length; i++) {
      const fault = new Fault();
      if (!fault.compile(config.faults[i], `faults[${i}]`)) usable = false;
      if (fault.delayMs > 0) delays = true;
      faults.push(fault);
    }
    this.faults = StaticArray.fromArray(faults);
    return usable && (!delays || this.mayTick());
  }

  tick(): void {
    this.line.release();
    if (this.line.isEmpty) this.tickEvery(0);
  }

  newStream(): Stream | null {
    return new FaultStream(this);
  }

  /** The fault for the request at hand, null for none. */
  faultFor(): Fault | null {
    const faults = this.faults;
    for (let i = 0; i < faults.length; i++) if (unchecked(faults[i]).isFor()) return unchecked(faults[i]);
    return null;
  }

  /** Without the timer a delayed request would never go on: better no start. */
  private mayTick(): bool {
    if (this.tickEvery(0)) return true;
    log.error("configuration refused: a delay needs the capability timer: add `capabilities: [timer]` to the slot");
    return false;
  }
}

/** How often held requests are looked at: delays are this exact. */
const TICK_MS: i32 = 10;

@final
class FaultStream extends Delayed {
  private readonly filter: FaultFilter;
  private fault: Fault | null = null;

  constructor(filter: FaultFilter) {
    super();
    this.filter = filter;
  }

  begin(): void {
    this.fault = null;
  }

  requestHeaders(endOfStream: bool): Action {
    const fault = this.filter.faultFor();
    if (fault === null) return Action.Continue;
    this.fault = fault;
    if (fault.delayMs > 0 && this.hold(fault)) return Action.Pause;
    return this.meet(fault);
  }

  /** Delayed: the time is over. */
  release(): void {
    const fault = this.fault;
    if (fault === null || !this.enter()) return;
    if (this.meet(fault) == Action.Continue) this.resumeRequest();
  }

  private hold(fault: Fault): bool {
    const line = this.filter.line;
    if (line.isEmpty) this.filter.tickEvery(TICK_MS);
    if (!line.add(this, fault.delayMs)) {
      this.filter.skipped.increment();
      return false;
    }
    this.filter.delays.increment();
    return true;
  }

  private meet(fault: Fault): Action {
    if (fault.status == 0) return Action.Continue;
    this.filter.aborts.increment();
    this.reply(fault.status, fault.body, fault.reason);
    return Action.Pause;
  }
}

filter<FaultFilter>();
