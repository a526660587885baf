// Quotas for a filter that is only being tried: any name exists. Which quotas the deployment has is known where it serves.

import type { Quota, QuotaBackend } from "./quota-backend.ts";
import { MemoryQuotas } from "./memory-quotas.ts";

export class AnyQuotas implements QuotaBackend {
  private readonly quotas = new MemoryQuotas(
    () => 0,
    [{ name: "any", windows: [{ count: 1, perMs: 1000, burst: 1 }] }],
  );

  find(_name: string): Quota {
    return this.quotas.find("any")!;
  }
}
