// Why a plugin must not start. Fields of a filter are made before `configure` can answer false, so what goes wrong
// there is kept until then.

import { log } from "./log";

/** One byte: something refused to start. */
const refused: usize = memory.data(1, 1);

/** Logs why and makes the host refuse this revision, whatever `configure` answers. */
export function refuseStart(reason: string): void {
  store<u8>(refused, 1);
  log.error(reason);
}

export function startRefused(): bool {
  return load<u8>(refused) != 0;
}
