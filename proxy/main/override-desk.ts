// Break-glass: sets, clears and ends overrides of slots on this proxy, without a registry. An override counts when its
// snapshot serves; what cannot be loaded leaves everything as it is. Loud on purpose: nobody should forget one.

import { SluiceError, valueProblems } from "@sluice/abi";
import type { Logger } from "pino";
import { Type } from "typebox";
import type { Static } from "typebox";
import { DurationSchema, NameSchema, durationMs, overrideSentence } from "../contract/index.ts";
import { OVERRIDES_MAX } from "../contract/limits.ts";
import type { Deployment, Digest, Override, Slot } from "../contract/index.ts";
import { PROXY_ERRORS } from "../errors.ts";
import { knownRevisions, overridesOf, resolveOverride } from "./apply-overrides.ts";
import type { KnownSlots, OverrideInForce } from "./apply-overrides.ts";
import type { Control, Serving } from "./control.ts";
import { OVERRIDE_FOR_MAX_MS, OVERRIDE_REMINDER_MS } from "./limits.ts";
import { shownOverride } from "./override-book.ts";
import type { Happening, OverrideBook } from "./override-book.ts";
import type { SlotHistory } from "./slot-history.ts";

const closed = { additionalProperties: false } as const;
const Why = Type.Optional(Type.String({ maxLength: 1024 }));
const SetSchema = Type.Object(
  {
    slot: NameSchema,
    kind: Type.Enum(["off", "previous", "pin"]),
    revision: Type.Optional(Type.String({ maxLength: 80 })),
    for: Type.Optional(DurationSchema),
    why: Why,
  },
  closed,
);
const ClearSchema = Type.Object({ slot: NameSchema, why: Why }, closed);

export interface OverrideDeskOptions {
  readonly control: Control;
  readonly book: OverrideBook;
  readonly history: SlotHistory;
  readonly log: Logger;
  /** Something that status shows has changed. */
  changed(): void;
}

export interface OverrideAnswer {
  readonly override: Override;
  /** What the operator should know now; empty when all is as expected. */
  readonly warnings: readonly string[];
}

/** What `sluice override` alone shows. */
export interface OverrideList {
  readonly overrides: readonly Override[];
  readonly slots: readonly SlotChoice[];
}

/** A slot of the chain in charge and what it can be pinned to. */
export interface SlotChoice {
  readonly slot: string;
  readonly phase: Slot["phase"];
  readonly revisions: readonly {
    readonly revision: Digest;
    readonly filter: string;
    readonly tag: string | null;
    /** Deployment it is of; null: the one in charge. */
    readonly number: number | null;
  }[];
}

export class OverrideDesk {
  private readonly options: OverrideDeskOptions;
  private readonly reminder: NodeJS.Timeout;
  private end: NodeJS.Timeout | undefined;

  constructor(options: OverrideDeskOptions) {
    this.options = options;
    this.reminder = setInterval(() => this.remind(), OVERRIDE_REMINDER_MS).unref();
  }

  /** Reads what an earlier process had; what has ended since is only told. Before the first snapshot. */
  async open(): Promise<void> {
    const { book, log } = this.options;
    await book.open();
    const over = book.inForce.filter(hasEnded);
    for (const override of over) log.warn(`OVERRIDE ended while the proxy was down: ${overrideSentence(override)}`);
    if (over.length > 0)
      await book.change(
        book.inForce.filter((override) => !over.includes(override)),
        over.map((override) => this.endOf(override)),
      );
    for (const override of book.inForce) log.warn(`OVERRIDE still in force: ${overrideSentence(override)}`);
    this.arm();
  }

  list(): OverrideList {
    const { book } = this.options;
    const known = this.known(this.options.control.serving);
    const slots = (known.deployment?.slots ?? []).map((slot) => ({
      slot: slot.name,
      phase: slot.phase,
      revisions: knownRevisions(slot, known).map(({ revision, digest, number }) => ({
        revision: digest,
        filter: revision.filter,
        tag: revision.tag ?? null,
        number,
      })),
    }));
    return { overrides: book.shown, slots };
  }

  /** `body` is what came over HTTP. Throws E2040 to E2043, or why the override cannot be loaded; then nothing changed. */
  async set(body: unknown, who: string): Promise<OverrideAnswer> {
    const asked = understood(body, SetSchema);
    const { control, book } = this.options;
    let override: OverrideInForce | null = null;
    await control.override(
      (serving) => {
        override = this.overrideOf(asked, who, serving);
        const others = book.inForce.filter(({ slot }) => slot !== asked.slot);
        if (others.length >= OVERRIDES_MAX) throw refused(`${others.length} overrides are in force, which is the most`);
        return [...others, override];
      },
      (overrides) => book.change(overrides, [{ ...this.eventOf(override!), act: "set" }]),
    );
    return this.told(override!, "set");
  }

  /** Throws E2040, E2044, or why the slot's own entry cannot be loaded; then the override stays. */
  async clear(body: unknown, who: string): Promise<OverrideAnswer> {
    const { slot, why = null } = understood(body, ClearSchema);
    const { control, book } = this.options;
    const override = book.inForce.find((one) => one.slot === slot);
    if (override === undefined) {
      const names = book.inForce.map((one) => one.slot).join(", ") || "none";
      throw new SluiceError(PROXY_ERRORS.overrideNone, `Slot ${slot} is not overridden here; overridden: ${names}.`);
    }
    const event: Happening = { ...this.eventOf(override), act: "cleared", who, why, when: now() };
    await control.override(
      () => book.inForce.filter((one) => one.slot !== slot),
      (overrides) => book.change(overrides, [event]),
    );
    return this.told(override, "cleared");
  }

  close(): void {
    clearInterval(this.reminder);
    clearTimeout(this.end);
  }

  private overrideOf(asked: Static<typeof SetSchema>, who: string, serving: Serving | null): OverrideInForce {
    const { slot, kind, revision = null, why = null } = asked;
    if ((kind === "pin") !== (revision !== null))
      throw refused(kind === "pin" ? "a pin names no revision" : `"${kind}" takes no revision`);
    const { replacement, revision: digest } = resolveOverride({ slot, kind, revision }, this.known(serving));
    return {
      slot,
      kind,
      revision: digest,
      until: endAfter(asked.for),
      who,
      when: now(),
      why,
      replacement,
      deployment: namedDeployment(serving!.deployment!),
    };
  }

  private known(serving: Serving | null): KnownSlots {
    const { history } = this.options;
    return { deployment: serving?.deployment ?? null, earlier: (slot) => history.earlier(slot) };
  }

  private told(override: OverrideInForce, act: "set" | "cleared"): OverrideAnswer {
    const { control, book, log } = this.options;
    const warnings = act === "set" ? [...uncheckedWarning(override, control.serving?.deployment ?? null)] : [];
    if (!book.isKept) warnings.push("overrides.json could not be written: a restart of the proxy would forget this");
    log.warn({ override: shownOverride(override) }, `OVERRIDE ${act}: ${overrideSentence(override)}`);
    for (const warning of warnings) log.warn(warning);
    this.arm();
    this.options.changed();
    return { override: shownOverride(override), warnings };
  }

  /** Sets the alarm for the next end. */
  private arm(): void {
    clearTimeout(this.end);
    const ends = this.options.book.inForce.flatMap(({ until }) => (until === null ? [] : [Date.parse(until)]));
    if (ends.length === 0) return;
    // A timer holds no more than 24 days, and a wall clock may be set: then the reminder looks.
    const waitMs = Math.min(Math.max(Math.min(...ends) - Date.now(), 0), OVERRIDE_REMINDER_MS);
    this.end = setTimeout(() => void this.endOver(), waitMs).unref();
  }

  private async endOver(): Promise<void> {
    const { control, book, log } = this.options;
    const over = book.inForce.filter(hasEnded);
    if (over.length > 0) {
      try {
        await control.override(
          () => book.inForce.filter((override) => !over.includes(override)),
          (overrides) =>
            book.change(
              overrides,
              over.map((override) => this.endOf(override)),
            ),
        );
        for (const override of over) log.warn(`OVERRIDE ended by time: ${overrideSentence(override)}`);
      } catch (error) {
        // It goes on, and is listed as in force: what is shown is what serves.
        log.error({ err: error }, `an override's time is over, but the deployment cannot be served without it`);
        this.end = setTimeout(() => void this.endOver(), OVERRIDE_REMINDER_MS).unref();
        return;
      }
    }
    this.arm();
    this.options.changed();
  }

  /** With the deployment in charge now; before the first snapshot the one it was set under. */
  private eventOf(override: OverrideInForce): Omit<Happening, "act"> {
    const deployment = this.options.control.serving?.deployment ?? null;
    const inCharge = deployment === null ? override.deployment : namedDeployment(deployment);
    return { ...shownOverride(override), deployment: inCharge };
  }

  private endOf(override: OverrideInForce): Happening {
    return { ...this.eventOf(override), act: "ended", when: override.until! };
  }

  private remind(): void {
    const { control, book, log } = this.options;
    const deployment = control.serving?.deployment ?? null;
    const working = overridesOf(deployment, book.inForce);
    for (const override of book.inForce) {
      const idle = working.includes(override) ? "" : "; the chain in charge has no such slot";
      log.warn({ override: shownOverride(override) }, `OVERRIDE in force: ${overrideSentence(override)}${idle}`);
    }
  }
}

function understood<S extends typeof SetSchema | typeof ClearSchema>(body: unknown, schema: S): Static<S> {
  const problems = valueProblems(body, schema);
  if (problems.length > 0) throw refused(problems.join("; "));
  return body as Static<S>;
}

function refused(why: string): SluiceError {
  return new SluiceError(PROXY_ERRORS.overrideRequest, `The override was not understood: ${why}.`);
}

/** ISO time of the end; null without one. */
function endAfter(duration: string | undefined): string | null {
  if (duration === undefined) return null;
  const ms = durationMs(duration);
  if (ms <= 0 || ms > OVERRIDE_FOR_MAX_MS) throw refused(`"${duration}" is not between now and a year from now`);
  return new Date(Date.now() + ms).toISOString();
}

function hasEnded({ until }: Override): boolean {
  return until !== null && Date.parse(until) <= Date.now();
}

function uncheckedWarning({ slot, kind }: OverrideInForce, deployment: Deployment | null): string[] {
  const phase = deployment?.slots.find(({ name }) => name === slot)?.phase;
  if (kind !== "off" || (phase !== "AUTHN" && phase !== "AUTHZ")) return [];
  return [`slot ${slot} (${phase}) is off: requests pass UNCHECKED by it`];
}

function namedDeployment({ name, number = 0 }: Deployment): OverrideInForce["deployment"] {
  return { name, number };
}

function now(): string {
  return new Date().toISOString();
}
