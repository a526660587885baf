// The overrides in force and what the registry has yet to hear of them, in memory and in `overrides.json`. Knows nothing
// of publishing: override-desk.ts changes it when the change serves.

import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { Type } from "typebox";
import { OVERRIDE_EVENTS_POSTED_MAX, OVERRIDES_MAX } from "../contract/limits.ts";
import { OverrideEventSchema, OverrideSchema } from "../contract/override.ts";
import { RevisionSchema, SlotSchema } from "../contract/deployment.ts";
import type { Override, OverrideEvent, Revision } from "../contract/index.ts";
import { PROXY_ERRORS } from "../errors.ts";
import type { OverrideInForce } from "./apply-overrides.ts";
import { OVERRIDE_EVENTS_MAX } from "./limits.ts";
import { StateFile } from "./state-file.ts";

const closed = { additionalProperties: false } as const;
const InForceSchema = Type.Object(
  {
    ...OverrideSchema.properties,
    replacement: Type.Union([
      Type.Object({ type: Type.Literal("none") }, closed),
      Type.Object({ type: Type.Literal("entry"), entry: SlotSchema }, closed),
      Type.Object({ type: Type.Literal("revision"), revision: RevisionSchema }, closed),
    ]),
    deployment: OverrideEventSchema.properties.deployment,
  },
  closed,
);
const BookSchema = Type.Object(
  {
    overrides: Type.Array(InForceSchema, { maxItems: OVERRIDES_MAX }),
    events: Type.Array(OverrideEventSchema, { maxItems: OVERRIDE_EVENTS_MAX }),
  },
  closed,
);

/** What happened, without what every event gets. */
export type Happening = Omit<OverrideEvent, "id">;

export class OverrideBook {
  /** False while the file could not be written: then a restart would forget. */
  isKept = true;
  private overrides: readonly OverrideInForce[] = [];
  private events: readonly OverrideEvent[] = [];
  private readonly file: StateFile<typeof BookSchema>;
  private readonly log: Logger;

  constructor(file: string, log: Logger) {
    this.file = new StateFile(file, BookSchema);
    this.log = log;
  }

  async open(): Promise<void> {
    const book = await this.file.read((why) =>
      this.log.error({ code: PROXY_ERRORS.overridesDamaged.code }, `${PROXY_ERRORS.overridesDamaged.meaning} ${why}`),
    );
    this.overrides = book?.overrides ?? [];
    this.events = book?.events ?? [];
  }

  get inForce(): readonly OverrideInForce[] {
    return this.overrides;
  }

  /** As they are shown and reported. */
  get shown(): Override[] {
    return this.overrides.map(shownOverride);
  }

  /** What the overrides in force run: what holds their blobs in the cache. */
  get revisions(): Revision[] {
    return this.overrides.flatMap(({ replacement }) => {
      if (replacement.type === "revision") return [replacement.revision];
      return replacement.type === "entry" ? replacement.entry.revisions : [];
    });
  }

  /** The oldest that the registry does not have, as many as one status carries. */
  get unreported(): OverrideEvent[] {
    return this.events.slice(0, OVERRIDE_EVENTS_POSTED_MAX);
  }

  /** Takes in what serves now and what happened. A full disk must not undo what an operator needs at night. */
  async change(overrides: readonly OverrideInForce[], happenings: readonly Happening[]): Promise<void> {
    this.overrides = overrides;
    const events = [...this.events, ...happenings.map((happening) => ({ ...happening, id: randomUUID() }))];
    const lost = events.slice(0, -OVERRIDE_EVENTS_MAX);
    if (lost.length > 0) this.log.error({ lost }, "too many overrides for the history; the oldest events are lost");
    this.events = events.slice(-OVERRIDE_EVENTS_MAX);
    await this.write();
  }

  /** The registry has them. */
  async acknowledge(events: readonly OverrideEvent[]): Promise<void> {
    if (events.length === 0) return;
    const ids = new Set(events.map(({ id }) => id));
    this.events = this.events.filter(({ id }) => !ids.has(id));
    await this.write();
  }

  private async write(): Promise<void> {
    const book = { overrides: this.overrides, events: this.events } as Parameters<typeof this.file.write>[0];
    try {
      await this.file.write(book);
      this.isKept = true;
    } catch (error) {
      this.isKept = false;
      this.log.error({ err: error }, "overrides.json could not be written: a restart of the proxy would forget");
    }
  }
}

export function shownOverride(override: OverrideInForce): Override {
  const { slot, kind, revision, until, who, when, why } = override;
  return { slot, kind, revision, until, who, when, why };
}
