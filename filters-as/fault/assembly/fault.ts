// One fault of the configuration: whom it is for, and what it does to them.

import { Conditions, KeyPart, KeyState, Share, log, parseDurationMs } from "@sluice/sdk-filter/assembly";
import { Fault as FaultConfig } from "./config";

/** A client that waits longer has gone: above this a delay is an outage. */
const DELAY_MS_MAX: i64 = 60_000;

@final
export class Fault {
  /** Stands in the record of an aborted request. */
  reason: string = "";
  /** 0: no delay. */
  delayMs: i64 = 0;
  /** 0: no abort. */
  status: i32 = 0;
  body: string = "";
  private readonly when: Conditions = new Conditions();
  private by: KeyPart | null = null;
  private share: Share = new Share(100, "");

  /** False, with every reason logged, when something cannot be used. */
  compile(config: FaultConfig, place: string): bool {
    let usable = true;
    this.reason = "fault-" + config.name;
    for (let i = 0; i < config.when.length; i++) {
      const when = config.when[i];
      if (!this.when.add(`${place}.when[${i}]`, when.attribute, when.values, when.notValues)) usable = false;
    }
    this.by = KeyPart.parse(config.by);
    // Each fault draws for itself: two of 10 % each meet other requests.
    this.share = new Share(config.percent, config.name);
    if (this.by === null)
      usable = refuse(place + ".by", "header:NAME, cookie:NAME, attribute:NAME or source is expected");
    if (!(config.percent > 0 && config.percent <= 100))
      usable = refuse(place + ".percent", "above 0 and at most 100 is expected");
    if (config.delay.length > 0) {
      this.delayMs = parseDurationMs(config.delay);
      if (this.delayMs <= 0 || this.delayMs > DELAY_MS_MAX)
        usable = refuse(place + ".delay", "a duration up to 1m is expected, like 200ms");
    }
    const abort = config.abort;
    if (abort !== null) {
      this.status = abort.status;
      this.body = abort.body;
    }
    if (config.delay.length == 0 && abort === null) usable = refuse(place, "delay or abort is expected");
    return usable;
  }

  /** Is it for the request at hand? Who has no key, or several, is in no share. */
  isFor(): bool {
    if (!this.when.hold()) return false;
    if (this.share.isAll) return true;
    const by = this.by!;
    return by.read() == KeyState.Present && this.share.contains(by.value);
  }
}

function refuse(place: string, reason: string): bool {
  log.error("configuration refused: " + place + ": " + reason);
  return false;
}
