// What the shell is told. One table for all commands; docs and scripts rely on it.
import { SluiceError } from "@sluice/abi";
import { BIN_ERRORS } from "./errors.ts";

export const EXIT = { ok: 0, failed: 1, usage: 2, gate: 3, inconclusive: 4, unreachable: 5 } as const;

const codeToExit: Readonly<Record<string, number>> = {
  [BIN_ERRORS.usage.code]: EXIT.usage,
  [BIN_ERRORS.testsFailed.code]: EXIT.gate,
  [BIN_ERRORS.unreachable.code]: EXIT.unreachable,
};

/** The exit code an error ends its command with; anything not in the table is a plain failure. */
export function exitCodeOf(error: unknown): number {
  return error instanceof SluiceError ? (codeToExit[error.code] ?? EXIT.failed) : EXIT.failed;
}
