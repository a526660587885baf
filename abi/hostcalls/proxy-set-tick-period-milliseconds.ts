// proxy_set_tick_period_milliseconds: always the root's, from whatever context it is called.
import { caller } from "../host/caller.ts";
import { isChecking } from "../host/moment.ts";
import { Status } from "../spec/enums.ts";

export function proxySetTickPeriodMilliseconds(periodMs: number): number {
  const guest = caller();
  if (isChecking(guest)) return Status.InternalFailure;
  guest.scope.root.setTickPeriod(periodMs >>> 0);
  return Status.Ok;
}
