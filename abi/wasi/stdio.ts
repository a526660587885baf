// Descriptors 1 and 2 are the filter's log, at info and at error. There are no others.

import { callerAnytime, callerWhileStarting, type Caller } from "../host/caller.ts";
import { LOG_LINE_BYTES_MAX, TEXT_FUEL_PER_BYTE } from "../host/limits.ts";
import { Errno, LogLevel } from "../spec/enums.ts";

const STDOUT = 1;
const STDERR = 2;
const NEWLINE = 0x0a;
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
  const line = gather(guest, iovs >>> 0, count);
  if (line === null) return Errno.Fault;
  guest.spend(line.bytes.length * TEXT_FUEL_PER_BYTE);
  if (line.bytes.length > 0) {
    guest.scope.logGuest(fd === STDOUT ? LogLevel.Info : LogLevel.Error, guest.acting.id, line.bytes);
    if (fd === STDERR) guest.rememberWords(line.bytes);
  }
  guest.setU32(writtenOut, line.total);
  return Errno.Success;
}

/** All vectors in one piece, at most what a log line shows; null when one is out of memory. */
function gather(guest: Caller, iovs: number, count: number): { bytes: Uint8Array; total: number } | null {
  const { view } = guest;
  const kept = new Uint8Array(LOG_LINE_BYTES_MAX + 1);
  let total = 0;
  let length = 0;
  for (let i = 0; i < count; i++) {
    const at = view.getUint32(iovs + i * IOVEC_BYTES, true);
    const size = view.getUint32(iovs + i * IOVEC_BYTES + 4, true);
    if (!guest.has(at, size)) return null;
    const room = Math.min(size, kept.length - length);
    kept.set(guest.slice(at, room), length);
    length += room;
    total += size;
  }
  const isClosed = length === total && length > 0 && kept[length - 1] === NEWLINE;
  return { bytes: kept.subarray(0, isClosed ? length - 1 : length), total };
}
