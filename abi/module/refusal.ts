// A refusal is data: what inspect returns for a module that shall not run here. Inside the folder it travels as an
// exception, since a broken module may be noticed at any depth of the reader.
import { SluiceError, type ErrorRow } from "../errors.ts";

/** Why a module is refused, for people: `code` from the abi's error table. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** Thrown and caught inside abi/module; also what meter throws. */
export class ModuleRefused extends SluiceError {
  get refusal(): Refusal {
    return this.toJSON();
  }
}

export function refuse(row: ErrorRow, message: string, hint?: string): never {
  throw new ModuleRefused(row, message, hint === undefined ? {} : { hint });
}

/** A refusal that came as data, thrown again: from another process, or out of inspect. */
export function errorOf({ code, message, hint }: Refusal): SluiceError {
  return new ModuleRefused({ code: code as ErrorRow["code"], meaning: "", hint }, message);
}
