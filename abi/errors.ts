// What every part's errors are made of: a stable code, a sentence about what was attempted on which value, a hint
// that says what to do next. Each part has its own table in its errors.ts; docs/errors.md is generated from all of them.

/** One row of a part's error table. `meaning` and `hint` are printed in docs/errors.md. */
export interface ErrorRow {
  /** `SLUICE-E` and four digits: 1xxx abi, 2xxx proxy, 3xxx registry, 4xxx sdk-filter, 5xxx bin. Never reused. */
  readonly code: `SLUICE-E${number}`;
  readonly meaning: string;
  readonly hint: string;
}

/** The errors of one folder, by the name they have in code. */
export type ErrorTable = Readonly<Record<string, ErrorRow>>;

/** An error for people: printed as `message`, then `hint`, then `code`; sent over HTTP as `{code, message, hint}`. */
export class SluiceError extends Error {
  override readonly name = "SluiceError";
  readonly code: string;
  readonly hint: string;

  /** `message` says what was attempted on which value; `hint` replaces the row's when this case knows better. */
  constructor(row: ErrorRow, message: string, options: { cause?: unknown; hint?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = row.code;
    this.hint = options.hint ?? row.hint;
  }

  toJSON(): { code: string; message: string; hint: string } {
    return { code: this.code, message: this.message, hint: this.hint };
  }
}
