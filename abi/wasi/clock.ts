// Clocks 0 (real time) and 1 (monotonic), from the embedding's Clock.

import { callerAnytime, callerWhileStarting } from "../host/caller.ts";
import { Errno } from "../spec/enums.ts";

const REALTIME = 0;
const MONOTONIC = 1;

export function clockTimeGet(clockId: number, _precision: bigint, timeOut: number): number {
  const guest = callerAnytime();
  if (clockId !== REALTIME && clockId !== MONOTONIC) return Errno.Notsup;
  if (!guest.has(timeOut, 8)) return Errno.Fault;
  const { clock } = guest.scope.services;
  guest.setU64(timeOut, clockId === REALTIME ? clock.nowNs() : clock.monotonicNs());
  return Errno.Success;
}

export function clockResGet(clockId: number, resolutionOut: number): number {
  const guest = callerWhileStarting();
  if (clockId !== REALTIME && clockId !== MONOTONIC) return Errno.Notsup;
  if (!guest.has(resolutionOut, 8)) return Errno.Fault;
  guest.setU64(resolutionOut, 1n);
  return Errno.Success;
}
