// How a callback of a guest ended when it did not return: the only exception on the data path. The engine catches it
// where the fail strategy is applied.

/** `trap`: unreachable, bad access, …, also a hostcall at a forbidden moment. `fuel`: out of instructions. `limit`: depth, stack or a host bound. */
export type FailureCause = "trap" | "fuel" | "limit" | "error";

/** Who failed, in the words of the record and of `/stats`. */
export interface FailedPlugin {
  readonly slot: string;
  readonly filter: string;
  readonly version: string;
  readonly revision: string;
}

/** Thrown by Instance callbacks. The instance that threw it is dead: it is never called again. */
export class GuestFailure extends Error {
  override readonly name = "GuestFailure";
  override readonly cause: FailureCause;
  readonly plugin: FailedPlugin;
  /** The export that was called, e.g. `proxy_on_request_headers`. */
  readonly callback: string;
  /** Function names from the trap outwards, `name < caller < …`, with source lines where known; null when V8 gave none. */
  readonly at: string | null;

  constructor(cause: FailureCause, plugin: FailedPlugin, callback: string, detail: string, at: string | null) {
    super(`${plugin.filter} (slot ${plugin.slot}) failed in ${callback}: ${detail}${at === null ? "" : ` at ${at}`}`);
    this.cause = cause;
    // Picked out one by one: a plugin's configuration may hold what must not be printed with an error.
    const { slot, filter, version, revision } = plugin;
    this.plugin = { slot, filter, version, revision };
    this.callback = callback;
    this.at = at;
  }
}
