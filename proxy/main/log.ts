// The proxy's own log: JSON lines on standard error, for standard output carries records.

import { SluiceError } from "@sluice/abi";
import pino from "pino";
import type { Logger } from "pino";
import type { FilterLogNotice, SlotErrorNotice } from "../worker/messages.ts";

export function createLog(node: string): Logger {
  const level = process.env["SLUICE_LOG_LEVEL"] ?? "info";
  const options = {
    base: { node },
    level,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: {
      err: (error: Error) => (error instanceof SluiceError ? error.toJSON() : pino.stdSerializers.err(error)),
    },
  };
  return pino(options, pino.destination({ fd: 2, sync: true }));
}

/** A slot could give no answer: filter, revision, cause and place, with the number of alike ones since the last line. */
export function logSlotError(
  log: Logger,
  { slot, filter, revision, cause, message, at, count }: SlotErrorNotice,
): void {
  log.error({ slot, filter, revision, cause, at, count }, `slot ${slot} failed: ${message}`);
}

const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"] as const;

export function logFilterLine(log: Logger, { level, message, source, slot, filter, revision }: FilterLogNotice): void {
  log[LEVELS[level] ?? "info"]({ slot, filter, revision, from: source === "guest" ? "filter" : "host" }, message);
}
