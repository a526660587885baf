// policy_report: adds a value to the stream's record, under the slot's name.
import { caller } from "../host/caller.ts";
import { NAME_BYTES_MAX } from "../host/limits.ts";
import { mayReport } from "../host/moment.ts";
import { ReportType, Status } from "../spec/enums.ts";

export function policyReport(
  keyPtr: number,
  keySize: number,
  valueType: number,
  valuePtr: number,
  valueSize: number,
): number {
  const guest = caller();
  if (valueType >>> 0 > ReportType.Bytes) return Status.BadArgument;
  if (!guest.has(keyPtr, keySize) || !guest.has(valuePtr, valueSize)) return Status.InvalidMemoryAccess;
  if (keySize === 0 || keySize >>> 0 > NAME_BYTES_MAX || !fits(valueType, valueSize)) return Status.BadArgument;
  const { stream, slot } = guest.acting;
  if (stream === null || !mayReport(guest)) return Status.BadArgument;
  if (!guest.hold((keySize >>> 0) + (valueSize >>> 0))) return Status.InternalFailure;
  const key = guest.text(keyPtr, keySize, NAME_BYTES_MAX);
  return stream.report(slot, key, valueType, guest.slice(valuePtr, valueSize)) ? Status.Ok : Status.InternalFailure;
}

function fits(valueType: number, size: number): boolean {
  if (valueType === ReportType.Int || valueType === ReportType.Double) return size === 8;
  return valueType !== ReportType.Bool || size === 1;
}
