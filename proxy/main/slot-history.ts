// What each slot was before, on disk: with it an override can go back while the registry is down. Kept by slot and not by
// deployment, for the deployment before may have changed another slot.

import { isDeepStrictEqual } from "node:util";
import { Type } from "typebox";
import { SlotSchema } from "../contract/deployment.ts";
import { NameSchema } from "../contract/index.ts";
import type { Deployment, Revision, Slot } from "../contract/index.ts";
import type { EarlierEntry } from "./apply-overrides.ts";
import { SLOTS_KEPT_MAX, SLOT_ENTRIES_KEPT } from "./limits.ts";
import { StateFile } from "./state-file.ts";

/** Plain values; `slots` in the order in which they were last changed. */
export interface SlotMemory {
  readonly latest: { readonly number: number; readonly slots: readonly Slot[] };
  readonly slots: readonly { readonly name: string; readonly earlier: readonly EarlierEntry[] }[];
}

const NOTHING: SlotMemory = { latest: { number: 0, slots: [] }, slots: [] };

const closed = { additionalProperties: false } as const;
const Number = Type.Integer({ minimum: 0 });
const SlotMemorySchema = Type.Object(
  {
    latest: Type.Object({ number: Number, slots: Type.Array(SlotSchema) }, closed),
    slots: Type.Array(
      Type.Object(
        { name: NameSchema, earlier: Type.Array(Type.Object({ number: Number, entry: SlotSchema }, closed)) },
        closed,
      ),
    ),
  },
  closed,
);

/** The memory after `deployment` has served as a whole; the same when it brings nothing new. */
export function remembered(memory: SlotMemory, { number = 0, slots }: Deployment): SlotMemory {
  if (isDeepStrictEqual(memory.latest.slots, slots)) return memory;
  const changed = memory.latest.slots.filter(
    (before) =>
      !isDeepStrictEqual(
        before,
        slots.find(({ name }) => name === before.name),
      ),
  );
  const names = new Set(changed.map(({ name }) => name));
  const rest = memory.slots.filter(({ name }) => !names.has(name));
  const news = changed.map((entry) => ({
    name: entry.name,
    earlier: withEntry({ number: memory.latest.number, entry }, earlierIn(memory, entry.name)),
  }));
  return { latest: { number, slots }, slots: [...rest, ...news].slice(-SLOTS_KEPT_MAX) };
}

/** Newest first, each entry once: one that came back moves to the front. */
function withEntry(news: EarlierEntry, earlier: readonly EarlierEntry[]): EarlierEntry[] {
  return [news, ...earlier.filter(({ entry }) => !isDeepStrictEqual(entry, news.entry))].slice(0, SLOT_ENTRIES_KEPT);
}

function earlierIn(memory: SlotMemory, slot: string): readonly EarlierEntry[] {
  return memory.slots.find(({ name }) => name === slot)?.earlier ?? [];
}

export class SlotHistory {
  private readonly file: StateFile<typeof SlotMemorySchema>;
  private memory: SlotMemory = NOTHING;

  constructor(file: string) {
    this.file = new StateFile(file, SlotMemorySchema);
  }

  /** Reads what is on disk; `damaged` is told when that cannot be used. */
  async open(damaged: (why: string) => void): Promise<void> {
    this.memory = (await this.file.read(damaged)) ?? NOTHING;
  }

  /** Entries that a slot had here before today's, newest first. */
  earlier(slot: string): readonly EarlierEntry[] {
    return earlierIn(this.memory, slot);
  }

  /** Every revision that an override could need: what holds their blobs in the cache. */
  get revisions(): Revision[] {
    const entries = this.memory.slots.flatMap(({ earlier }) => earlier.map(({ entry }) => entry));
    return [...this.memory.latest.slots, ...entries].flatMap((slot) => slot.revisions);
  }

  /** Takes in what serves as a whole now. */
  async remember(deployment: Deployment): Promise<void> {
    const next = remembered(this.memory, deployment);
    if (next === this.memory) return;
    this.memory = next;
    await this.file.write(next as Parameters<typeof this.file.write>[0]);
  }
}
