// What `abort`, `assert` and `throw` become: one critical log line with message and place, which the host puts into its
// error, then the trap that ends the callback.

import { encodeText, encodedSize, forgetAll } from "./arena";
import { LogLevel } from "./generated/enums";
import { proxy_log } from "./generated/hostcalls";

/** One byte: an abort is under way. */
const aborting: usize = memory.data(1, 1);

/** The build names it as the module's `abort`. */
export function abortFilter(message: string | null, file: string | null, line: u32, column: u32): void {
  // Out of memory aborts too, and then the line below may abort again: the second time there is nothing left to say.
  if (load<u8>(aborting) != 0) unreachable();
  store<u8>(aborting, 1);
  // What was read in this callback is lost with it; the line needs the room.
  forgetAll();
  const place = `${file === null ? "?" : file}:${line}:${column}`;
  const text = encodeText(`${message === null ? "abort" : message} (${place})`);
  proxy_log(LogLevel.Critical, text, encodedSize());
  unreachable();
}
