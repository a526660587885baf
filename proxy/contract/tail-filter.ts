// What a tail wants to see: parsed where somebody asks (command, registry, admin port), matched where records are made.

import { valueProblems } from "@sluice/abi";
import { Type } from "typebox";
import type { Static } from "typebox";
import {
  PATH_CHARS_MAX,
  TAIL_LEASE_MS_MAX,
  TAIL_LINE_CHARS_MAX,
  TAIL_POST_LINES_MAX,
  TAIL_STATUSES_MAX,
} from "./limits.ts";
import { NameSchema } from "./names.ts";

const closed = { additionalProperties: false } as const;
const Status = Type.String({ pattern: "^[1-5]([0-9][0-9]|xx)$", description: "a status such as 403 or 4xx" });

export const TailFilterSchema = Type.Object(
  {
    /** Some slot denied it, not in dry run; with `slot`: that one. */
    denied: Type.Optional(Type.Boolean()),
    /** This slot was asked. */
    slot: Type.Optional(NameSchema),
    route: Type.Optional(NameSchema),
    statuses: Type.Optional(Type.Array(Status, { minItems: 1, maxItems: TAIL_STATUSES_MAX })),
    method: Type.Optional(Type.String({ pattern: "^[A-Z][A-Z-]{0,31}$" })),
    /** Beginning of the path. */
    path: Type.Optional(Type.String({ minLength: 1, maxLength: PATH_CHARS_MAX })),
  },
  closed,
);
/** Everything that is said must hold; `{}` matches every record. */
export type TailFilter = Static<typeof TailFilterSchema>;

/** Data of the `tail` event of the watch stream: look for so long, unless it comes again. 0 ms: nobody looks any more. */
export const TailLeaseSchema = Type.Object(
  {
    id: Type.String({ pattern: "^[0-9a-f-]{36}$" }),
    filter: TailFilterSchema,
    leaseMs: Type.Integer({ minimum: 0, maximum: TAIL_LEASE_MS_MAX }),
  },
  closed,
);
export type TailLease = Static<typeof TailLeaseSchema>;

/** Body of `POST /v1/tail/{id}`: records as the lines that sinks get, and how many more there were. */
export const TailPostSchema = Type.Object(
  {
    lines: Type.Array(Type.String({ maxLength: TAIL_LINE_CHARS_MAX }), { maxItems: TAIL_POST_LINES_MAX }),
    dropped: Type.Integer({ minimum: 0 }),
  },
  closed,
);
export type TailPost = Static<typeof TailPostSchema>;

/** What a filter looks at, of the record of a stream (formats: the record). */
export interface TailedRecord {
  readonly status: number;
  readonly method: string;
  readonly path: string;
  readonly route: string | null;
  readonly slots: readonly { readonly slot: string; readonly verdict: string; readonly dryRun: boolean }[];
}

/** The filter that `query` says (`denied=1&slot=rbac&status=403,5xx`), or a sentence that says what cannot be understood. */
export function tailFilterOf(query: URLSearchParams): TailFilter | string {
  const denied = query.get("denied");
  if (denied !== null && denied !== "1" && denied !== "0") return `denied is "${denied.slice(0, 80)}", not 0 or 1`;
  const statuses = query.get("status")?.split(",");
  const filter = {
    ...(denied === "1" ? { denied: true } : {}),
    ...text(query, "slot"),
    ...text(query, "route"),
    ...(statuses === undefined ? {} : { statuses }),
    ...text(query, "method"),
    ...text(query, "path"),
  };
  const problems = valueProblems(filter, TailFilterSchema);
  return problems.length === 0 ? filter : problems.join("; ");
}

/** `tailFilterOf` backwards. */
export function tailQuery({ denied, statuses, ...words }: TailFilter): URLSearchParams {
  const query = new URLSearchParams(words);
  if (denied === true) query.set("denied", "1");
  if (statuses !== undefined) query.set("status", statuses.join(","));
  return query;
}

export function matchesTail(filter: TailFilter, record: TailedRecord): boolean {
  const { denied, slot, route, statuses, method, path } = filter;
  if (statuses !== undefined && !statuses.some((one) => isStatus(one, record.status))) return false;
  if (route !== undefined && record.route !== route) return false;
  if (method !== undefined && record.method !== method) return false;
  if (path !== undefined && !record.path.startsWith(path)) return false;
  if (slot === undefined && denied !== true) return true;
  return record.slots.some((one) => (slot === undefined || one.slot === slot) && (denied !== true || isDenial(one)));
}

/**
 * Pieces that the line of every matching record contains: a busy proxy looks for them before it parses a line. Names are
 * written into a line as they are.
 */
export function tailNeedles({ denied, slot, route, statuses, method }: TailFilter): string[] {
  return [
    ...(denied === true ? ['"verdict":"deny"'] : []),
    ...(slot === undefined ? [] : [`"slot":"${slot}"`]),
    ...(route === undefined ? [] : [`"route":"${route}"`]),
    ...(method === undefined ? [] : [`"method":"${method}"`]),
    ...(statuses?.length === 1 ? [`"status":${statuses[0]!.replace(/xx$/, "")}`] : []),
  ];
}

function isDenial({ verdict, dryRun }: TailedRecord["slots"][number]): boolean {
  return verdict === "deny" && !dryRun;
}

function isStatus(wanted: string, status: number): boolean {
  return wanted.endsWith("xx") ? Math.floor(status / 100) === Number(wanted[0]) : status === Number(wanted);
}

function text<K extends "slot" | "route" | "method" | "path">(
  query: URLSearchParams,
  key: K,
): { readonly [P in K]?: string } {
  const value = query.get(key);
  return value === null ? {} : ({ [key]: value } as { readonly [P in K]?: string });
}
