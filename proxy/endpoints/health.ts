// What health checks found of one endpoint. A pure decision: one result more, and what is known then.

export interface Health {
  /** null: no check has ended yet; the endpoint is asked meanwhile. */
  readonly isHealthy: boolean | null;
  /** Results one after the other that say otherwise. */
  readonly against: number;
  /** Why the last check failed; null: it did not. */
  readonly why: string | null;
}

export const UNCHECKED: Health = { isHealthy: null, against: 0, why: null };

/**
 * `why` is null for a check that passed. The first result decides alone, so that a proxy that starts beside a dead endpoint
 * soon knows; after that it takes several in a row to change what is known.
 */
export function afterCheck(
  health: Health,
  why: string | null,
  needed: { readonly healthyAfter: number; readonly unhealthyAfter: number },
): Health {
  const passed = why === null;
  if (health.isHealthy === null) return { isHealthy: passed, against: 0, why };
  if (passed === health.isHealthy) return { isHealthy: passed, against: 0, why };
  const against = health.against + 1;
  const isTurned = against >= (passed ? needed.healthyAfter : needed.unhealthyAfter);
  return isTurned ? { isHealthy: passed, against: 0, why } : { isHealthy: health.isHealthy, against, why };
}
