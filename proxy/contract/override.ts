// Break-glass on one proxy, as it is shown and reported: what stands in place of a slot's entry, and what happened to
// it. How it is applied is the proxy's business (proxy/main/apply-overrides.ts).

import { Type } from "typebox";
import type { Static } from "typebox";
import { OVERRIDES_MAX, OVERRIDE_EVENTS_POSTED_MAX } from "./limits.ts";
import { DigestSchema, NameSchema } from "./names.ts";

const closed = { additionalProperties: false } as const;
const Text = Type.String({ maxLength: 1024 });

const fields = {
  slot: NameSchema,
  /** `off`: the slot is left out; `previous`: its entry before its last change; `pin`: one revision takes all traffic. */
  kind: Type.Enum(["off", "previous", "pin"]),
  /** The revision that serves in its place; null for `off`, and for an earlier entry with several revisions. */
  revision: Type.Union([Type.Null(), DigestSchema]),
  /** When it ends by itself, ISO 8601; null: never. */
  until: Type.Union([Type.Null(), Text]),
  /** Name of the token that set it; in an event, that did this. */
  who: Text,
  when: Text,
  why: Type.Union([Type.Null(), Text]),
};

export const OverrideSchema = Type.Object(fields, closed);
/** An override in force on a proxy. */
export type Override = Static<typeof OverrideSchema>;

export const OverrideEventSchema = Type.Object(
  {
    ...fields,
    /** Unique, so that one reported twice is written once. */
    id: Type.String({ pattern: "^[0-9a-f-]{36}$" }),
    act: Type.Enum(["set", "cleared", "ended"]),
    /** The deployment in charge of the proxy then. */
    deployment: Type.Object({ name: NameSchema, number: Type.Integer({ minimum: 0 }) }, closed),
  },
  closed,
);
/** Something that happened to an override; reported until the registry has it. */
export type OverrideEvent = Static<typeof OverrideEventSchema>;

export const OverridesSchema = Type.Array(OverrideSchema, { maxItems: OVERRIDES_MAX });
export const OverrideEventsSchema = Type.Array(OverrideEventSchema, { maxItems: OVERRIDE_EVENTS_POSTED_MAX });

export type OverrideKind = Override["kind"];

const DOES: Readonly<Record<OverrideKind, string>> = {
  off: "is off",
  previous: "has its entry before the last change",
  pin: "is pinned",
};

/** `slot rbac is off until 2026-01-01T00:00:00.000Z, by admin (too many denials)`: for logs, terminals and pages alike. */
export function overrideSentence({ slot, kind, revision, until, who, why }: Override): string {
  const to = kind === "pin" ? ` to revision ${revision}` : "";
  const end = until === null ? " until it is cleared" : ` until ${until}`;
  return `slot ${slot} ${DOES[kind]}${to}${end}, by ${who}${why === null ? "" : ` (${why})`}`;
}
