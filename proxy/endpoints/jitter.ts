// Times that repeat, each a little off.

import { JITTER } from "./limits.ts";

/** `ms` more or less by a tenth; `random` is from 0 up to but not 1. */
export function jittered(ms: number, random: number): number {
  return ms * (1 + JITTER * (2 * random - 1));
}
