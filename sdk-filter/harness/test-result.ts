// What became of a request, in the words tests use.

import type { SlotReport, Stream, VerdictKind } from "@sluice/abi";
import type { RecordedMessage } from "./recorded-message.ts";
import type { RecordingDriver } from "./recording-driver.ts";

export interface TestResult {
  readonly verdict: {
    readonly kind: VerdictKind;
    /** google.rpc code name of a denial, else null. */
    readonly code: string | null;
    readonly reason: string | null;
  };
  /** The answer made in the upstream's place, null when the upstream's went through. */
  readonly localResponse: RecordedMessage | null;
  /** What the client got, whoever made it; null when nothing was sent. */
  readonly response: RecordedMessage | null;
  /** What the upstream got, null when the request did not go on. */
  readonly forwarded: RecordedMessage | null;
  /** What the check looked at, in order, each once: attributes, `request.headers[x]`, `request.headers` for all of them. */
  readonly reads: readonly string[];
  /** Instructions all callbacks of this stream spent. */
  readonly fuel: number;
  /** Why the filter failed, null when it did not. */
  readonly error: SlotReport["error"];
  /** What the filter added to the record. */
  readonly additions: SlotReport["additions"];
}

/** After the stream's end. */
export function resultOf(stream: Stream, driver: RecordingDriver, reads: readonly string[]): TestResult {
  const { verdict: kind, code, reason, fuel, error, additions } = stream.slotReport(0);
  const { response, forwarded, isLocal } = driver;
  return {
    verdict: { kind, code, reason },
    localResponse: isLocal ? response : null,
    response,
    forwarded,
    reads,
    fuel,
    error,
    additions,
  };
}
