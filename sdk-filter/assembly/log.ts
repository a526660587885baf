// Log lines. The host adds filter, revision and context, and drops what is below its level.

import { encodeText, encodedSize } from "./arena";
import { proxy_log } from "./generated/hostcalls";
import { LogLevel } from "./generated/enums";

/** One line per call: `log.info("…")`. */
export class log {
  static debug(text: string): void {
    write(LogLevel.Debug, text);
  }
  static info(text: string): void {
    write(LogLevel.Info, text);
  }
  static warn(text: string): void {
    write(LogLevel.Warn, text);
  }
  static error(text: string): void {
    write(LogLevel.Error, text);
  }
}

function write(level: u32, text: string): void {
  const start = encodeText(text);
  proxy_log(level, start, encodedSize());
}

/** What the build puts in the place of AssemblyScript's `console`, whose functions no proxy has. */
export namespace console {
  export function log(text: string): void {
    write(LogLevel.Info, text);
  }
  export function debug(text: string): void {
    write(LogLevel.Debug, text);
  }
  export function info(text: string): void {
    write(LogLevel.Info, text);
  }
  export function warn(text: string): void {
    write(LogLevel.Warn, text);
  }
  export function error(text: string): void {
    write(LogLevel.Error, text);
  }
}
