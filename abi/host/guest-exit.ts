// Why a hostcall ended the guest on purpose. All of them unwind the guest like a trap and are told apart by diagnose().

/** A hostcall at a moment where no context exists. */
export class ForbiddenMoment extends Error {
  override readonly name = "ForbiddenMoment";
  constructor(moment: string) {
    super(`restricted_callback: a hostcall that is not allowed while ${moment}`);
  }
}

/** `proc_exit`. */
export class GuestExit extends Error {
  override readonly name = "GuestExit";
  readonly code: number;
  constructor(code: number) {
    super(`proc_exit(${code})`);
    this.code = code;
  }
}

/** `env.abort`, AssemblyScript's assertion and throw. */
export class GuestAbort extends Error {
  override readonly name = "GuestAbort";
}

/** The host moved more bytes for the guest than its fuel pays for. */
export class HostFuelSpent extends Error {
  override readonly name = "HostFuelSpent";
}
