// Descriptors 1 and 2 are the filter's log, at info and at error, by lines. There are no others.

import { callerAnytime, callerWhileStarting, type Caller } from "../host/caller.ts";
import { LOG_LINE_BYTES_MAX, TEXT_FUEL_PER_BYTE } from "../host/limits.ts";
import { Errno, LogLevel } from "../spec/enums.ts";

const STDOUT = 1;
const STDERR = 2;
const IOVEC_BYTES = 8;
/** More vectors than any libc sends. */
const IOVECS_MAX = 1024;
/** What a vector costs beside its bytes. */
const IOVEC_FUEL = 16;
const FDSTAT_BYTES = 24;
const RIGHTS_OFFSET = 8;
const RIGHT_FD_WRITE = 64n;

export function fdWrite(fd: number, iovs: number, iovsLength: number, writtenOut: number): number {
  return write(callerAnytime(), fd, iovs, iovsLength, writtenOut);
}

export function fdPwrite(fd: number, iovs: number, iovsLength: number, _offset: bigint, writtenOut: number): number {
  return write(callerWhileStarting(), fd, iovs, iovsLength, writtenOut);
}

/** What answers success for the two descriptors and has no effect. */
export function stdioOnly(fd: number): number {
  callerWhileStarting();
  return isStdio(fd) ? Errno.Success : Errno.Badf;
}

export function fdFdstatGet(fd: number, statOut: number): number {
  const guest = callerWhileStarting();
  if (!isStdio(fd)) return Errno.Badf;
  if (!guest.has(statOut, FDSTAT_BYTES)) return Errno.Fault;
  guest.writable(statOut, FDSTAT_BYTES).fill(0);
  guest.setU64(statOut + RIGHTS_OFFSET, RIGHT_FD_WRITE);
  return Errno.Success;
}

export function fdTell(fd: number, offsetOut: number): number {
  const guest = callerWhileStarting();
  if (!isStdio(fd)) return Errno.Badf;
  if (!guest.has(offsetOut, 8)) return Errno.Fault;
  guest.setU64(offsetOut, 0n);
  return Errno.Success;
}

export function fdReaddir(_fd: number, _buf: number, _bufSize: number, _cookie: bigint, usedOut: number): number {
  const guest = callerWhileStarting();
  if (!guest.has(usedOut, 4)) return Errno.Fault;
  guest.setU32(usedOut, 0);
  return Errno.Notdir;
}

function isStdio(fd: number): boolean {
  return fd === STDOUT || fd === STDERR;
}

function write(guest: Caller, fd: number, iovs: number, iovsLength: number, writtenOut: number): number {
  if (!isStdio(fd)) return Errno.Badf;
  const count = iovsLength >>> 0;
  if (count > IOVECS_MAX) return Errno.Inval;
  if (!guest.has(iovs, count * IOVEC_BYTES) || !guest.has(writtenOut, 4)) return Errno.Fault;
  guest.spend(count * IOVEC_FUEL);
  const total = bytesIn(guest, iovs >>> 0, count);
  if (total === null) return Errno.Fault;
  guest.spend(Math.min(total, LOG_LINE_BYTES_MAX) * TEXT_FUEL_PER_BYTE);
  if (total > 0) print(guest, fd, iovs >>> 0, count);
  guest.setU32(writtenOut, total);
  return Errno.Success;
}

/** Of all vectors; null when one is out of memory. */
function bytesIn(guest: Caller, iovs: number, count: number): number | null {
  const { view } = guest;
  let total = 0;
  for (let at = iovs; at < iovs + count * IOVEC_BYTES; at += IOVEC_BYTES) {
    const size = view.getUint32(at + 4, true);
    if (!guest.has(view.getUint32(at, true), size)) return null;
    total += size;
  }
  return total;
}

function print(guest: Caller, fd: number, iovs: number, count: number): void {
  const { view } = guest;
  const line = guest.outputLine(fd === STDOUT ? LogLevel.Info : LogLevel.Error);
  for (let at = iovs; at < iovs + count * IOVEC_BYTES; at += IOVEC_BYTES) {
    line.append(guest.slice(view.getUint32(at, true), view.getUint32(at + 4, true)));
  }
  if (line.isEnded) guest.endOutput();
}
