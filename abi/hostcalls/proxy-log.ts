// HOT: bench abi. proxy_log
import { callerAnytime } from "../host/caller.ts";
import { LOG_LINE_BYTES_MAX, TEXT_FUEL_PER_BYTE } from "../host/limits.ts";
import type { LogLevel as Level } from "../host/services.ts";
import { LogLevel, Status } from "../spec/enums.ts";

export function proxyLog(level: number, messagePtr: number, messageSize: number): number {
  const guest = callerAnytime();
  if (level >>> 0 > LogLevel.Critical) return Status.BadArgument;
  if (!guest.has(messagePtr, messageSize)) return Status.InvalidMemoryAccess;
  // Also where nobody listens: what a callback may do must not depend on a proxy's log level.
  guest.spend(Math.min(messageSize >>> 0, LOG_LINE_BYTES_MAX) * TEXT_FUEL_PER_BYTE);
  if (level < guest.scope.services.logLevel) return Status.Ok;
  const message = guest.slice(messagePtr, messageSize);
  if (level === LogLevel.Critical) guest.rememberWords(message);
  guest.scope.logGuest(level as Level, guest.acting.id, message);
  return Status.Ok;
}
