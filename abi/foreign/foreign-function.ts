// The seam of functions that filters call by name (proxy_call_foreign_function): what such a function is, and how they are
// found. Implementations stand beside this file; foreign-function.kit.ts says what each must do.

import type { Caller } from "../host/caller.ts";
import { Status } from "../spec/enums.ts";

/** One call. */
export interface ForeignCall {
  /** As the filter sent them: a view of its memory, valid until the function returns. Bytes from outside: believe nothing. */
  readonly args: Uint8Array;
  /** A property as the filter reads it; segments joined by NUL; null when absent. */
  property(path: string): Uint8Array | null;
  /** A note of the acting stream, copied, for later filters too. False: there is no stream, or it has as many as it may. */
  setProperty(path: string, value: Uint8Array): boolean;
  /** From now on the filter sets this property once in a stream. False: it is declared already, or too many are. */
  declareProperty(path: string, isReadOnly: boolean): boolean;
  /** Fuel for work beyond that of copying arguments and result, before it is done. Ends the callback that has too little. */
  spend(fuel: number): void;
  /** A line in the filter's log, once in the plugin's life for each text. */
  warnOnce(text: string): void;
}

/**
 * Answers with its result, which is the host's from then on, or with a status alone: Ok (no result), NotFound, BadArgument,
 * SerializationFailure or InternalFailure. SDKs end their filter on any other. Throws nothing but what `spend` throws.
 */
export type ForeignFunction = (call: ForeignCall) => Uint8Array | number;

/** Functions by name. */
export interface ForeignFunctions {
  find(name: string): ForeignFunction | null;
}

/** The call that a guest makes now. */
export class GuestForeignCall implements ForeignCall {
  readonly args: Uint8Array;
  private readonly guest: Caller;

  constructor(guest: Caller, args: Uint8Array) {
    this.guest = guest;
    this.args = args;
  }

  property(path: string): Uint8Array | null {
    return this.guest.property(path);
  }

  setProperty(path: string, value: Uint8Array): boolean {
    const { stream, slot } = this.guest.acting;
    if (stream === null || !this.guest.hold(path.length + value.length)) return false;
    // A copy of a Buffer by slice would be a view.
    return stream.setProperty(slot, path, new Uint8Array(value));
  }

  declareProperty(path: string, isReadOnly: boolean): boolean {
    return this.guest.scope.declareProperty(path, isReadOnly);
  }

  spend(fuel: number): void {
    this.guest.spend(fuel);
  }

  warnOnce(text: string): void {
    this.guest.scope.logOnce(text, WARN, text);
  }
}

const WARN = 3;

/** The statuses that a function may answer with. */
export const FOREIGN_STATUSES: readonly number[] = [
  Status.Ok,
  Status.NotFound,
  Status.BadArgument,
  Status.SerializationFailure,
  Status.InternalFailure,
];
