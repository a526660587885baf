/** A rate with its unit, or that it is not known yet; never a bare number. */
export function rateText(perSecond: number | null): string {
  return perSecond === null
    ? "rate: not yet known"
    : `${perSecond.toLocaleString("en", { maximumFractionDigits: 1 })}/s`;
}
