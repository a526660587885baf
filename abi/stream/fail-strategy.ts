// What becomes of a stream when a slot could not do its work. Pure; the engine acts on the answer.

export type FailureDecision =
  /** The slot is left out from here on; what it held goes on as it was. */
  | "skip"
  /** The client gets a 503 that no filter sees. */
  | "reply"
  /** A response head was sent: the client's side is cut. */
  | "reset"
  /** Nothing of the slot was still to come: only recorded. */
  | "ignore";

export interface SlotFailure {
  /** One bit of CAUSE. */
  readonly cause: number;
  /** The slot's `failOpen` mask. */
  readonly failOpen: number;
  readonly dryRun: boolean;
  /** A header, body or trailers phase of the slot was running or still to come, or it holds a part of the message. */
  readonly isNeeded: boolean;
  readonly isResponseHeadSent: boolean;
}

export function decideFailure(failure: SlotFailure): FailureDecision {
  if (!failure.isNeeded) return "ignore";
  if (failure.dryRun || (failure.failOpen & failure.cause) !== 0) return "skip";
  return failure.isResponseHeadSent ? "reset" : "reply";
}
