// What compilers' run-time libraries import from `env` beside the hostcalls: AssemblyScript's abort, seed and trace, and two
// of emscripten's.

import { callerAnytime, callerWhileStarting, type Caller } from "../host/caller.ts";
import { GuestAbort } from "../host/guest-exit.ts";
import { LOG_LINE_BYTES_MAX } from "../host/limits.ts";
import { escapeControls } from "../host/log-text.ts";
import { LogLevel } from "../spec/enums.ts";

export function abort(message: number, file: number, line: number, column: number): never {
  const guest = callerAnytime();
  const place = `${managedString(guest, file)}:${line >>> 0}:${column >>> 0}`;
  throw new GuestAbort(`abort: ${managedString(guest, message)} (${place})`);
}

/** A double in [0, 1) times 2⁵³, as JavaScript hosts seed it. */
export function seed(): number {
  const bytes = new Uint8Array(8);
  callerWhileStarting().scope.services.random(bytes);
  return Number(new DataView(bytes.buffer).getBigUint64(0) >> 11n);
}

export function trace(message: number, count: number, ...values: number[]): void {
  const guest = callerWhileStarting();
  const shown = values.slice(0, Math.min(count >>> 0, values.length)).join(", ");
  guest.scope.logGuest(LogLevel.Debug, guest.acting.id, Buffer.from(`${managedString(guest, message)} ${shown}`));
}

export function emscriptenNotifyMemoryGrowth(): void {}

export function pthreadEqual(a: number, b: number): number {
  return a === b ? 1 : 0;
}

/** An AssemblyScript string: UTF-16, its length in bytes in the four bytes before it. Empty for what is none. */
function managedString(guest: Caller, ptr: number): string {
  const at = ptr >>> 0;
  if (at < 4 || !guest.has(at - 4, 4)) return "";
  const length = Math.min(guest.view.getUint32(at - 4, true), LOG_LINE_BYTES_MAX);
  if (!guest.has(at, length)) return "";
  return escapeControls(Buffer.from(guest.copy(at, length)).toString("utf16le"));
}
