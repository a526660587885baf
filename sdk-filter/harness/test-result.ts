// What became of a request, in the words tests use.

import type { RecordedExchange, RecordedMirror, SlotReport, Stream, VerdictKind } from "@sluice/abi";
import { ReceivedMessage } from "./received-message.ts";

export interface TestResult {
  readonly verdict: {
    readonly kind: VerdictKind;
    /** google.rpc code name of a denial, else null. */
    readonly code: string | null;
    readonly reason: string | null;
  };
  /** The answer made in the upstream's place, null when the upstream's went through. */
  readonly localResponse: ReceivedMessage | null;
  /** What the client got, whoever made it; null when nothing was sent. */
  readonly response: ReceivedMessage | null;
  /** What the upstream got, null when the request did not go on. */
  readonly forwarded: ReceivedMessage | null;
  /** What the check looked at, in order, each once: attributes, `request.headers[x]`, `request.headers` for all of them. */
  readonly reads: readonly string[];
  /** Instructions all callbacks of this stream spent. */
  readonly fuel: number;
  /** How long the filter held the request or its response, in milliseconds of the test's clock (steps of 10). */
  readonly heldMs: number;
  /** Why the filter failed, null when it did not. */
  readonly error: SlotReport["error"];
  /** What the filter added to the record. */
  readonly additions: SlotReport["additions"];
  /** Copies of the request that the filter had made, in order; none when the request did not go on. */
  readonly mirrors: readonly RecordedMirror[];
}

/** Of a stream that is finished and not yet ended. */
export function resultOf(
  stream: Stream,
  exchange: RecordedExchange,
  reads: readonly string[],
  heldMs: number,
): TestResult {
  const { verdict: kind, code, reason, fuel, error, additions } = stream.slotReport(0);
  const { answered, forwarded, isLocal } = exchange;
  const response = answered === null ? null : new ReceivedMessage(answered);
  return {
    verdict: { kind, code, reason },
    localResponse: isLocal ? response : null,
    response,
    forwarded: forwarded === null ? null : new ReceivedMessage(forwarded),
    reads,
    fuel,
    heldMs,
    error,
    additions,
    mirrors: exchange.mirrors,
  };
}
