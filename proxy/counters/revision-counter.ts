// HOT: bench proxy.
// Adds what one slot said about one stream to the counters of its revision.

import { CAUSE } from "@sluice/abi/data-path";
import type { SlotFigures } from "@sluice/abi";
import { bucketOf } from "./histogram.ts";
import { CAUSES, REVISION_CELL, RPC_CODES } from "./slab.ts";

const UNKNOWN = RPC_CODES.indexOf("UNKNOWN");
const ERRORS_OTHER = REVISION_CELL.errors + CAUSES.indexOf("error");
/** By the place of a cause's bit. */
const causeCells: number[] = [];
for (const [place, cause] of Object.values(CAUSE).entries()) causeCells[placeOf(cause)] = REVISION_CELL.errors + place;

/** `row` is the revision's row in this worker's slab. A verdict of a dry run counts like any other. */
export function countSlot(row: Float64Array, figures: SlotFigures): void {
  const { fuel, verdict, failureCause } = figures;
  row[REVISION_CELL.fuel]! += fuel;
  row[REVISION_CELL.fuelBuckets + bucketOf(fuel)]! += 1;
  if (figures.startedMs >= 0) countTime(row, figures.durationMs * 1_000_000);
  if (failureCause !== 0) row[causeCells[placeOf(failureCause)]!]! += 1;
  else if (verdict === "allow") row[REVISION_CELL.allowed]! += 1;
  else if (verdict === "deny") row[REVISION_CELL.denied + codeOf(figures.code)]! += 1;
  else if (verdict === "error") row[ERRORS_OTHER]! += 1;
  else row[REVISION_CELL.noOpinion]! += 1;
}

function codeOf(code: number): number {
  return code >= 0 && code < RPC_CODES.length ? code : UNKNOWN;
}

function placeOf(bit: number): number {
  return 31 - Math.clz32(bit);
}

function countTime(row: Float64Array, ns: number): void {
  row[REVISION_CELL.timeNs]! += ns;
  row[REVISION_CELL.timeBuckets + bucketOf(ns)]! += 1;
}
