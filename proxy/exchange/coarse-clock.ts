// HOT: bench proxy.
// One clock reading a loop turn for everything that may be a few hundred microseconds off: timeouts, quotas, records.
// A reading costs 40-50 ns and a busy turn serves dozens of requests, so the first asker of a turn pays for all.

export class CoarseClock {
  /** Wall time in milliseconds, as of `touch()`. */
  wallMs: number;
  /** Time since an arbitrary start in microseconds, never going back, as of `touch()`. */
  monotonicUs: number;
  private fresh = false;
  private readonly expire = (): void => {
    this.fresh = false;
  };

  constructor() {
    this.monotonicUs = performance.now() * 1000;
    this.wallMs = Date.now();
  }

  /** Called first by everything the event loop calls (a read, a timer). Reads the clock at most once a turn. */
  touch(): void {
    if (this.fresh) return;
    this.fresh = true;
    this.monotonicUs = performance.now() * 1000;
    this.wallMs = Date.now();
    setImmediate(this.expire);
  }

  get monotonicMs(): number {
    return this.monotonicUs / 1000;
  }
}
