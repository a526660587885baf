// Who asked for what is out: a callout's answer goes to whoever asked, with the hostcalls meaning the stream it asked for.

import { actAs, acting } from "./arena";
import { Status } from "./generated/enums";
import { proxy_set_effective_context } from "./generated/hostcalls";
import { IdTable } from "./id-table";

@final
export class Asker {
  /** A stream's context, 0 for the plugin as a whole. */
  readonly context: u32;
  /** The stream's own object asked, not the plugin. */
  readonly isStream: bool;
  /** One message or a status ends it. */
  readonly isCall: bool;

  constructor(context: u32, isStream: bool, isCall: bool) {
    this.context = context;
    this.isStream = isStream;
    this.isCall = isCall;
  }
}

/** Lazy: a filter that never asks does not make it. */
class Open {
  @lazy static readonly callouts: IdTable<Asker> = new IdTable<Asker>();
}

/** `stream` is 0 when the plugin asks: then it is for the stream whose callback runs, or for none. */
export function noteCallout(id: u32, stream: u32, isCall: bool): void {
  Open.callouts.add(id, new Asker(stream == 0 ? acting() : stream, stream != 0, isCall));
}

/** Hostcalls mean the asker's stream from here on; null when it is over, or nobody asked. `isLast`: no more comes for the id. */
export function askerOf(id: u32, isLast: bool): Asker | null {
  const asker = isLast ? Open.callouts.take(id) : Open.callouts.get(id);
  if (asker === null) return null;
  const context = asker.context;
  if (context != 0 && proxy_set_effective_context(context) != Status.Ok) return null;
  actAs(context);
  return asker;
}

/** Nothing comes for it any more. */
export function forgetCallout(id: u32): void {
  Open.callouts.take(id);
}

export function isCall(id: u32): bool {
  const asker = Open.callouts.get(id);
  return asker !== null && asker.isCall;
}
