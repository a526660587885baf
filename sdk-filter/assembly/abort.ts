// What `abort`, `assert` and `throw` become: one critical log line with message and place, which the host puts into its
// error, then the trap that ends the callback.

import { encodeText, encodedSize } from "./arena";
import { LogLevel } from "./generated/enums";
import { proxy_log } from "./generated/hostcalls";

let aborting: bool = false;

/** The build names it as the module's `abort`. */
export function abortFilter(message: string | null, file: string | null, line: u32, column: u32): void {
  // Out of memory aborts too, and then the line below may abort again: the second time there is nothing left to say.
  if (aborting) unreachable();
  aborting = true;
  const place = `${file === null ? "?" : file}:${line}:${column}`;
  const text = encodeText(`${message === null ? "abort" : message} (${place})`);
  proxy_log(LogLevel.Critical, text, encodedSize);
  unreachable();
}
