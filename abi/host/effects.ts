// What hostcalls ask for that must wait until no guest frame is on the stack: SDKs are not re-entrant (a callback made
// inside proxy_send_local_response makes Rust panic), so effects queue up and Instance performs them when the guest has
// returned, before the result of that callback is handed on.

import type { Caller, GuestContext } from "./caller.ts";
import { CALLBACK_EFFECTS_MAX } from "./limits.ts";
import type { LocalReply, StreamType } from "./stream-context.ts";

export type Effect =
  | { readonly kind: "continue" | "close"; readonly context: GuestContext; readonly type: StreamType }
  | { readonly kind: "completeCheck"; readonly context: GuestContext; readonly check: number }
  /** What stands outside of any stream: a callout is started, a queue's item put in. Bound when it was asked for. */
  | { readonly kind: "outside"; readonly run: () => void }
  | { readonly kind: "localResponse"; readonly context: GuestContext; readonly reply: LocalReply }
  | { readonly kind: "rootDone" };

/** False when the callback has queued too many. */
export function queueEffect(guest: Caller, effect: Effect): boolean {
  if (guest.effects.length >= CALLBACK_EFFECTS_MAX) return false;
  guest.effects.push(effect);
  return true;
}

/** Performs one effect, if the context it was meant for still lives. */
export function perform(guest: Caller, effect: Effect): void {
  if (effect.kind === "rootDone") {
    guest.scope.rootDone();
    return;
  }
  if (effect.kind === "outside") {
    effect.run();
    return;
  }
  const { context } = effect;
  if (context.stream === null || guest.contexts.get(context.id) !== context) return;
  switch (effect.kind) {
    case "continue":
      context.stream.continueStream(context.slot, effect.type);
      return;
    case "close":
      context.stream.closeStream(context.slot, effect.type);
      return;
    case "completeCheck":
      context.stream.completeCheck(context.slot, effect.check);
      return;
    case "localResponse":
      if (!context.stream.localResponse(context.slot, effect.reply)) {
        guest.scope.logHost(3, context.id, "a second local response for one stream: the first one counts");
      }
  }
}
