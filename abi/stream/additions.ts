// What one slot adds to the stream's record (`policy_report`), decoded, bounded, and undone when the callback fails.

import { ReportType } from "../spec/enums.ts";
import { REPORT_ADDITION_BYTES, REPORT_ADDITIONS_MAX } from "./limits.ts";
import { StagedMap } from "./staged-map.ts";

export type Addition = string | number | boolean;

const NONE: Readonly<Record<string, Addition>> = Object.freeze({});

export class Additions {
  private readonly values = new StagedMap<Addition>();

  clear(): void {
    this.values.clear();
  }

  /** False, and nothing added, when the value does not fit its type or the record's bound is reached. */
  add(key: string, type: number, value: Uint8Array): boolean {
    const { values } = this;
    const decoded = decodeAddition(type, value);
    const bytes = values.bytes + key.length + value.length;
    if (decoded === null || bytes > REPORT_ADDITION_BYTES) return false;
    if (values.get(key) === undefined && values.size === REPORT_ADDITIONS_MAX) return false;
    values.set(key, decoded, bytes);
    return true;
  }

  commit(): void {
    this.values.commit();
  }

  rollback(): void {
    this.values.rollback();
  }

  toObject(): Readonly<Record<string, Addition>> {
    return this.values.size === 0 ? NONE : this.values.toObject();
  }
}

/** null: not a value of that type. Integers beyond 2^53 lose their last digits, as in any JSON. */
function decodeAddition(type: number, value: Uint8Array): Addition | null {
  const view = new DataView(value.buffer, value.byteOffset, value.length);
  switch (type) {
    case ReportType.String:
      return Buffer.from(value).toString("utf8");
    case ReportType.Int:
      return value.length === 8 ? Number(view.getBigInt64(0, true)) : null;
    case ReportType.Double:
      return value.length === 8 ? view.getFloat64(0, true) : null;
    case ReportType.Bool:
      return value.length === 1 ? value[0] !== 0 : null;
    case ReportType.Bytes:
      return Buffer.from(value).toString("base64");
    default:
      return null;
  }
}
