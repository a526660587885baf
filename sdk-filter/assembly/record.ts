// What a filter adds to the record of a stream (one JSON line per request).

import { encodeText, encodedSize, out } from "./arena";
import { policy_report } from "./generated/hostcalls";
import { ReportType } from "./generated/enums";

/** The record of the stream whose callback runs. Settable in `check` and in `report`. */
@final
export class Record {
  @lazy static readonly current: Record = new Record();

  set(key: string, value: string): void {
    const keyStart = encodeText(key);
    const keySize = encodedSize();
    const valueStart = encodeText(value);
    policy_report(keyStart, keySize, ReportType.String, valueStart, encodedSize());
  }

  setInteger(key: string, value: i64): void {
    const keyStart = encodeText(key);
    store<i64>(out, value);
    policy_report(keyStart, encodedSize(), ReportType.Int, out, 8);
  }

  setBoolean(key: string, value: bool): void {
    const keyStart = encodeText(key);
    store<u8>(out, value ? 1 : 0);
    policy_report(keyStart, encodedSize(), ReportType.Bool, out, 1);
  }
}
