// Numbers as people read them: with their unit, and a share never without what it is a share of.

export function countText(count: number): string {
  return Math.round(count).toLocaleString("en");
}

/** `1 proxy`, `2 proxies`. */
export function plural(count: number, one: string, many: string): string {
  return `${countText(count)} ${count === 1 ? one : many}`;
}

/** Requests per second over the last seconds; a dash while it is not known. */
export function rateText(perSecond: number | null | undefined): string {
  if (perSecond === null || perSecond === undefined) return "–/s";
  return `${perSecond.toLocaleString("en", { maximumFractionDigits: perSecond < 100 ? 1 : 0 })}/s`;
}

export function microsText(us: number): string {
  return us < 1_000 ? `${shortText(us)} µs` : `${shortText(us / 1_000)} ms`;
}

export function bytesText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 ** 2 ? `${shortText(bytes / 1024)} KiB` : `${shortText(bytes / 1024 ** 2)} MiB`;
}

/** `3.1 % of 387`; nothing of nothing is a dash. */
export function shareText(count: number, all: number): string {
  if (all === 0) return "–";
  return `${((100 * count) / all).toLocaleString("en", { maximumFractionDigits: 1 })} % of ${countText(all)}`;
}

function shortText(value: number): string {
  return value.toLocaleString("en", { maximumFractionDigits: value < 10 ? 1 : 0 });
}

/** A digest shortened for people. */
export function shortDigest(digest: string): string {
  return digest.replace(/^sha256:/, "").slice(0, 12);
}
