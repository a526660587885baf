// HOT: bench proxy.
// Adds what one slot said about one stream to the counters of its revision.

import type { SlotReport } from "@sluice/abi";
import { bucketOf } from "./histogram.ts";
import { CAUSES, REVISION_CELL, RPC_CODES } from "./slab.ts";

const codeCells = new Map<string, number>(RPC_CODES.map((code, index) => [code, REVISION_CELL.denied + index]));
const causeCells = new Map<string, number>(CAUSES.map((cause, index) => [cause, REVISION_CELL.errors + index]));
const DENIED_UNKNOWN = codeCells.get("UNKNOWN")!;
const ERRORS_OTHER = causeCells.get("error")!;

/** `row` is the revision's row in this worker's slab. A verdict of a dry run counts like any other. */
export function countSlot(row: Float64Array, report: SlotReport): void {
  row[REVISION_CELL.fuel]! += report.fuel;
  row[REVISION_CELL.fuelBuckets + bucketOf(report.fuel)]! += 1;
  if (report.durationUs !== null) countTime(row, report.durationUs * 1000);
  if (report.error !== null) {
    row[causeCells.get(report.error.cause) ?? ERRORS_OTHER]! += 1;
    return;
  }
  if (report.verdict === "allow") row[REVISION_CELL.allowed]! += 1;
  else if (report.verdict === "deny") row[codeCells.get(report.code ?? "") ?? DENIED_UNKNOWN]! += 1;
  else if (report.verdict === "error") row[ERRORS_OTHER]! += 1;
  else row[REVISION_CELL.noOpinion]! += 1;
}

function countTime(row: Float64Array, ns: number): void {
  row[REVISION_CELL.timeNs]! += ns;
  row[REVISION_CELL.timeBuckets + bucketOf(ns)]! += 1;
}
