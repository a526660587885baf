// The proxy's own log: JSON lines on standard error, for standard output carries records.

import { SluiceError } from "@sluice/abi";
import pino from "pino";
import type { Logger } from "pino";
import { ACTIONS } from "../overload/overload-level.ts";
import type { DescriptorBudget } from "../overload/descriptor-budget.ts";
import type { OverloadChange } from "../overload/overload-manager.ts";
import type { DrainBoundNotice, FilterLogNotice, SlotErrorNotice } from "../worker/messages.ts";

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

/** A replaced snapshot was held for too long: what became of the streams that held it. */
export function logDrainBound(log: Logger, { generation, number, bound, detached, cut }: DrainBoundNotice): void {
  const why =
    bound === "time" ? "for longer than limits.drainTimeout" : "while more than limits.drainingSnapshots were";
  log.warn(
    { generation, number, detached, cut },
    `a replaced snapshot was still in use ${why}: ${cut} streams were cut, ${detached} go on without it`,
  );
}

/** Once for each change of a worker's level. */
export function logOverload(log: Logger, worker: number, { level, before, signal, share }: OverloadChange): void {
  const facts = { worker, level, actions: ACTIONS.slice(0, level), signal, share };
  const full = `${signal} is at ${Math.round(share * 100)} % of its bound`;
  if (level > before) log.warn(facts, `worker ${worker} is overloaded: ${full}; it does: ${ACTIONS[level - 1]}`);
  else log.info(facts, `worker ${worker} recovers: ${full}; it stops: ${ACTIONS.slice(level, before).join(", ")}`);
}

/** The process may have fewer descriptors than its limits could use. */
export function logLoweredBounds(log: Logger, budget: DescriptorBudget): void {
  const { descriptors, connections, upstreamConnections } = budget;
  log.warn(
    { descriptors, connections, upstreamConnections },
    `${descriptors} file descriptors are too few for what limits allow: ${connections} connections a listener and ${upstreamConnections} to upstreams hold instead`,
  );
}
