// The policy hostcalls by their rows; filters reach them by import and, as `sluice.<name>`, by name.

import type { PolicyHostcalls } from "../generated/imports.ts";
import { policyAttribute } from "./policy-attribute.ts";
import { policyCompleteCheck } from "./policy-complete-check.ts";
import { policyGetI64 } from "./policy-get-i64.ts";
import { policyGetValues } from "./policy-get-values.ts";
import { policyGet } from "./policy-get.ts";
import { policyMatch } from "./policy-match.ts";
import { policyMatcher } from "./policy-matcher.ts";
import { policyMirror } from "./policy-mirror.ts";
import { policyQuota } from "./policy-quota.ts";
import { policyReport } from "./policy-report.ts";
import { policySetResponse } from "./policy-set-response.ts";
import { policySetVerdict } from "./policy-set-verdict.ts";

export const POLICY_TABLE: Readonly<PolicyHostcalls> = {
  policy_attribute: policyAttribute,
  policy_complete_check: policyCompleteCheck,
  policy_get: policyGet,
  policy_get_i64: policyGetI64,
  policy_get_values: policyGetValues,
  policy_match: policyMatch,
  policy_matcher: policyMatcher,
  policy_mirror: policyMirror,
  policy_quota: policyQuota,
  policy_report: policyReport,
  policy_set_response: policySetResponse,
  policy_set_verdict: policySetVerdict,
};
