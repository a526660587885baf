// Why a slot could not do its work: the words of `failOpenOn`, as bits so that a slot's list is one number.

/** Why a slot could not do its part. */
export type CauseName = "notLoaded" | "backend" | "error" | "trap" | "fuel" | "limit";

/** One bit a cause; `ChainSlot.failOpen` is their union. */
export const CAUSE: Readonly<Record<CauseName, number>> = {
  notLoaded: 1,
  backend: 2,
  error: 4,
  trap: 8,
  fuel: 16,
  limit: 32,
};

/** What FAIL_OPEN means without a `failOpenOn`: a request must not be able to choose its own pass by exhausting a filter. */
export const FAIL_OPEN_DEFAULT = CAUSE.notLoaded | CAUSE.backend;

/** The bits of a `failOpenOn` list. */
export function causeMask(names: readonly CauseName[]): number {
  return names.reduce((mask, name) => mask | CAUSE[name], 0);
}
