// What a check said, as a value, and what follows from it. Pure: no stream, no host.

import { CheckKind } from "../spec/enums.ts";

/** How a check ended. */
export type VerdictKind = "noOpinion" | "allow" | "deny" | "error";

/** google.rpc codes by number, and the status of the reply that a deny without a response of its own gets. */
const CODES: readonly (readonly [name: string, status: number])[] = [
  // A deny that says OK contradicts itself; it still denies.
  ["OK", 403],
  ["CANCELLED", 499],
  ["UNKNOWN", 500],
  ["INVALID_ARGUMENT", 400],
  ["DEADLINE_EXCEEDED", 504],
  ["NOT_FOUND", 404],
  ["ALREADY_EXISTS", 409],
  ["PERMISSION_DENIED", 403],
  ["RESOURCE_EXHAUSTED", 429],
  ["FAILED_PRECONDITION", 400],
  ["ABORTED", 409],
  ["OUT_OF_RANGE", 400],
  ["UNIMPLEMENTED", 501],
  ["INTERNAL", 500],
  ["UNAVAILABLE", 503],
  ["DATA_LOSS", 500],
  ["UNAUTHENTICATED", 401],
];

export const PERMISSION_DENIED = 7;
export const UNAVAILABLE = 14;

/** No code was said. */
export const NO_CODE = -1;

/** `PERMISSION_DENIED` for 7; null for NO_CODE; a number nobody defined counts as `UNKNOWN`. */
export function codeName(code: number): string | null {
  if (code === NO_CODE) return null;
  return CODES[code]?.[0] ?? "UNKNOWN";
}

/** The status of the reply made from a code. */
export function statusOfCode(code: number): number {
  return CODES[code]?.[1] ?? 403;
}

/** The code that fits a status a plain filter answered with; NO_CODE when the answer is no refusal. */
export function codeOfStatus(status: number): number {
  if (status === 403) return PERMISSION_DENIED;
  if (status === 499) return 1;
  if (status < 400) return NO_CODE;
  const code = CODES.findIndex(([, of], at) => of === status && at !== 0 && at !== 1);
  return code < 0 ? 2 : code;
}

/** What a check's kind comes to. `problem` is set when the verdict is "error". */
export interface CheckOutcome {
  readonly verdict: VerdictKind;
  readonly problem: string | null;
}

const NO_OPINION: CheckOutcome = { verdict: "noOpinion", problem: null };
const ALLOW: CheckOutcome = { verdict: "allow", problem: null };
const DENY: CheckOutcome = { verdict: "deny", problem: null };
const ERROR: CheckOutcome = { verdict: "error", problem: "the check returned error" };
const PENDING: CheckOutcome = {
  verdict: "error",
  problem: "the check returned pending, and nothing is out that could end it",
};
const SILENT: CheckOutcome = { verdict: "error", problem: "the check has no opinion, and the filter requires one" };

/** `requiresCheck`: `requires: [check]` of the filter. */
export function decideCheck(kind: number, requiresCheck: boolean): CheckOutcome {
  switch (kind) {
    case CheckKind.NoOpinion:
      return requiresCheck ? SILENT : NO_OPINION;
    case CheckKind.Allow:
      return ALLOW;
    case CheckKind.Deny:
      return DENY;
    case CheckKind.Pending:
      return PENDING;
    default:
      return ERROR;
  }
}
