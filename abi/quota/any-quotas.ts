// Quotas for a filter that is only being tried: any name exists and gives whatever may be asked for. Which quotas the
// deployment has, and how much they give, is known where it serves.

import { QUOTA_BURST_MAX } from "./limits.ts";
import type { Quota, QuotaBackend } from "./quota-backend.ts";
import { MemoryQuotas } from "./memory-quotas.ts";

/** Has every quota and grants whatever is asked: for a trial, which has no deployment. */
export class AnyQuotas implements QuotaBackend {
  private readonly quotas = new MemoryQuotas(
    () => 0,
    [{ name: "any", windows: [{ count: 1, perMs: 1000, burst: QUOTA_BURST_MAX }] }],
  );

  find(_name: string): Quota {
    return this.quotas.find("any")!;
  }
}
