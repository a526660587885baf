// Where a command reads its surroundings from and writes to. Given as a value, so that tests run commands in process.

import { once } from "node:events";

export interface Terminal {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** One line (or several) of result for a person or, with --json, for a program. */
  out(text: string): void;
  /** Progress, warnings and errors: never part of a result. */
  err(text: string): void;
  /** Resolves when there is room for more output: a long output goes at its reader's pace. */
  drained(): Promise<void>;
  /** Resolves when nobody reads the output any more, as after `| head`. */
  closed(): Promise<void>;
}

export const processTerminal: Terminal = {
  cwd: process.cwd(),
  env: process.env,
  out: (text) => void process.stdout.write(`${text}\n`),
  err: (text) => void process.stderr.write(`${text}\n`),
  drained: async () => {
    if (process.stdout.writableNeedDrain) await once(process.stdout, "drain");
  },
  closed: () => new Promise((resolve) => process.stdout.once("error", () => resolve())),
};

/** Prints a command's result: `value` as one JSON document, or `text` for people. */
export function printResult(terminal: Terminal, options: { json?: boolean }, value: unknown, text: string): void {
  terminal.out(options.json === true ? JSON.stringify(value) : text);
}

/** Columns padded to their widest cell, two spaces apart. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

// Text from filters, proxies and documents may hold escape sequences that would drive the reader's terminal.
// oxlint-disable-next-line no-control-regex
const controlCharacters = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** `text` with control characters shown as `\u001b`; newline and tab stay. */
export function printable(text: string): string {
  return text.replaceAll(controlCharacters, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
