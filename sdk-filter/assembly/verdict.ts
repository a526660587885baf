// What a check answers.

import { encodeText, encodedSize } from "./arena";
import { Status } from "./generated/enums";
import { ReplyFields } from "./reply-fields";
import { policy_complete_check, policy_set_response, policy_set_verdict } from "./generated/hostcalls";

/** The answer of `check`. `Deny` is made by `this.deny(reason)`, which says why. */
export enum Verdict {
  /** This filter leaves the decision to others. A filter with `requires: [check]` may not say this. */
  NoOpinion = 0,
  Allow = 1,
  Deny = 2,
  /** The filter could not decide; its slot's fail strategy does. */
  Error = 3,
  /** Asked somebody: the answer's callback ends the check by `completeCheck`. */
  Pending = 4,
}

/** Denies with a short machine-readable reason. `status` is the HTTP status of the answer. */
export function denyRequest(reason: string, status: i32): Verdict {
  const code = codeOfStatus(status);
  const text = encodeText(reason);
  policy_set_verdict(code, text, encodedSize());
  if (status != statusOfCode(code)) policy_set_response(status, 0, 0, 0, 0);
  return Verdict.Deny;
}

/** Denies with header fields and a body of the filter's own. */
export function denyRequestWith(reason: string, status: i32, fields: ReplyFields, body: string): Verdict {
  const text = encodeText(reason);
  policy_set_verdict(codeOfStatus(status), text, encodedSize());
  const bodyStart = encodeText(body);
  const bodySize = encodedSize();
  const pairs = fields.encode();
  policy_set_response(status, pairs, fields.encodedSize, bodyStart, bodySize);
  return Verdict.Deny;
}

/** Ends the pending check of the stream that the answer is for; false when there is none. */
export function completePendingCheck(verdict: Verdict): bool {
  return policy_complete_check(verdict) == Status.Ok;
}

/** The google.rpc code that a record of this denial carries. */
function codeOfStatus(status: i32): i32 {
  if (status == 401) return 16;
  if (status == 404) return 5;
  if (status == 429) return 8;
  if (status == 503) return 14;
  return 7;
}

/** The status that the host makes of a code. */
function statusOfCode(code: i32): i32 {
  if (code == 16) return 401;
  if (code == 5) return 404;
  if (code == 8) return 429;
  if (code == 14) return 503;
  return 403;
}
