// What a guest sees of a process: no arguments, the configured environment, random bytes, and an exit that is a trap.

import { callerAnytime, callerWhileStarting, type Caller } from "../host/caller.ts";
import { GuestExit } from "../host/guest-exit.ts";
import { RANDOM_BYTES_MAX } from "../host/limits.ts";
import { Errno } from "../spec/enums.ts";

export function argsGet(): number {
  callerWhileStarting();
  return Errno.Success;
}

/** Zero and zero, so that libc does not call args_get. */
export function argsSizesGet(argcOut: number, argvBufSizeOut: number): number {
  return writeSizes(callerWhileStarting(), argcOut, 0, argvBufSizeOut, 0);
}

export function environSizesGet(countOut: number, bufSizeOut: number): number {
  const guest = callerWhileStarting();
  const entries = environment(guest);
  const size = entries.reduce((sum, entry) => sum + entry.length, 0);
  return writeSizes(guest, countOut, entries.length, bufSizeOut, size);
}

export function environGet(pointers: number, buffer: number): number {
  const guest = callerWhileStarting();
  const entries = environment(guest);
  const size = entries.reduce((sum, entry) => sum + entry.length, 0);
  if (!guest.has(pointers, entries.length * 4) || !guest.has(buffer, size)) return Errno.Fault;
  let at = buffer >>> 0;
  entries.forEach((entry, i) => {
    guest.setU32((pointers >>> 0) + i * 4, at);
    guest.writable(at, entry.length).set(entry);
    at += entry.length;
  });
  return Errno.Success;
}

export function randomGet(buffer: number, size: number): number {
  const guest = callerWhileStarting();
  if (size >>> 0 > RANDOM_BYTES_MAX) return Errno.Inval;
  if (size === 0) return Errno.Success;
  if (!guest.has(buffer, size)) return Errno.Fault;
  guest.charge(size >>> 0);
  guest.scope.services.random(guest.writable(buffer, size));
  return Errno.Success;
}

/** Never sleeps and reports no event, with success: std Go throws on anything else. */
export function pollOneoff(_subscriptions: number, _events: number, _count: number, eventsOut: number): number {
  const guest = callerAnytime();
  if (!guest.has(eventsOut, 4)) return Errno.Fault;
  guest.setU32(eventsOut, 0);
  return Errno.Success;
}

export function procExit(code: number): never {
  throw new GuestExit(code);
}

function environment(guest: Caller): Buffer[] {
  return Object.entries(guest.scope.spec.environment).map(([key, value]) => Buffer.from(`${key}=${value}\0`));
}

function writeSizes(guest: Caller, countOut: number, count: number, sizeOut: number, size: number): number {
  if (!guest.has(countOut, 4) || !guest.has(sizeOut, 4)) return Errno.Fault;
  guest.setU32(countOut, count);
  guest.setU32(sizeOut, size);
  return Errno.Success;
}
