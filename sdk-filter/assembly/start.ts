// Why a plugin must not start. Fields of a filter are made before `configure` can answer false, so what goes wrong
// there is kept until then.

import { log } from "./log";

let refused: bool = false;

/** Logs why and makes the host refuse this revision, whatever `configure` answers. */
export function refuseStart(reason: string): void {
  refused = true;
  log.error(reason);
}

export function startRefused(): bool {
  return refused;
}
