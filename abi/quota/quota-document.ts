// `quotas` as deployments and request files write them, and as backends take them.

import { Type } from "typebox";
import type { Complain } from "../documents/index.ts";
import { QUOTA_BURST_MAX, QUOTA_WINDOWS_MAX, QUOTAS_MAX } from "./limits.ts";
import type { QuotaDefinition, QuotaWindow } from "./quota-backend.ts";

const closed = { additionalProperties: false } as const;
const Name = Type.String({
  pattern: "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",
  description: "a name of small letters, digits and inner hyphens, at most 63 characters",
});

export const RATE_PATTERN = "^[1-9][0-9]{0,8}/(s|m|h|d)$";
export const RATE_DESCRIPTION = "a rate such as 100/s (s, m, h, d)";
const Rate = Type.String({ pattern: RATE_PATTERN, description: RATE_DESCRIPTION });
const Burst = Type.Integer({ minimum: 1, maximum: QUOTA_BURST_MAX });
const Window = Type.Object({ rate: Rate, burst: Type.Optional(Burst) }, closed);

/** One quota as it is written: `rate` (and `burst`), `windows` or `concurrency`. */
export interface QuotaDocument {
  readonly name: string;
  readonly rate?: string;
  /** Without a word the rate's count. */
  readonly burst?: number;
  readonly windows?: readonly { readonly rate: string; readonly burst?: number }[];
  readonly concurrency?: number;
  /** Of the machine's `quotaStores`; without a word `memory`. */
  readonly store?: string;
}

const QuotaSchema = Type.Object(
  {
    name: Name,
    rate: Type.Optional(Rate),
    burst: Type.Optional(Burst),
    windows: Type.Optional(Type.Array(Window, { minItems: 1, maxItems: QUOTA_WINDOWS_MAX })),
    concurrency: Type.Optional(Type.Integer({ minimum: 1 })),
    store: Type.Optional(Name),
  },
  closed,
);

/** Its type is written out: within the types of whole documents a computed one takes the compiler minutes. */
export const QuotasSchema = Type.Unsafe<QuotaDocument[]>(Type.Array(QuotaSchema, { maxItems: QUOTAS_MAX }));

/** What the schema cannot say: one kind of bound, a burst only beside a rate. `at`: where the list stands. */
export function checkQuotas(
  quotas: readonly QuotaDocument[],
  at: readonly (string | number)[],
  complain: Complain,
): void {
  quotas.forEach(({ name, rate, burst, windows, concurrency }, index) => {
    const kinds = [rate, windows, concurrency].filter((kind) => kind !== undefined);
    if (kinds.length !== 1)
      complain([...at, index], `quota ${name} has ${kinds.length} bounds`, "one of rate, windows, concurrency");
    if (burst !== undefined && rate === undefined)
      complain([...at, index, "burst"], "burst has no meaning without a rate beside it", undefined, "key");
  });
}

/** Why a quota cannot be served; null when it can. */
export function unservedQuota({ name, concurrency, store }: QuotaDocument): string | null {
  if (concurrency !== undefined) return `quota ${name} bounds concurrency`;
  return store === undefined || store === "memory" ? null : `quota ${name} is in store ${store}`;
}

/** Of quotas that are served; the others are left out. */
export function quotaDefinitions(quotas: readonly QuotaDocument[]): QuotaDefinition[] {
  return quotas
    .filter((quota) => unservedQuota(quota) === null)
    .map(({ name, rate, burst, windows }) => {
      const written = windows ?? [{ rate: rate!, ...(burst === undefined ? {} : { burst }) }];
      return { name, windows: written.map(windowOf) };
    });
}

/** `100/s` as a count and the time it is for. */
export function rateOf(text: string): { readonly count: number; readonly perMs: number } {
  const [count, unit] = text.split("/") as [string, keyof typeof UNIT_MS];
  return { count: Number(count), perMs: UNIT_MS[unit] };
}

function windowOf({ rate, burst }: { rate: string; burst?: number }): QuotaWindow {
  const { count, perMs } = rateOf(rate);
  return { count, perMs, burst: burst ?? count };
}

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
