// A slot while somebody edits it: from the deployment in charge to the document that is written, and the command that
// would do the same. Pure steps; the registry judges the result.

import type { DeploymentDraft, Revision, Slot, StoredDeployment } from "./api.ts";
import { commandText } from "./command-text.ts";

export interface DraftRevision {
  /** Tells the rows of the form apart. */
  readonly id: number;
  readonly filter: string;
  /** Digest of the version; empty while none is picked. */
  readonly version: string;
  readonly tag: string | null;
  readonly weight: number;
  /** Undefined: none. */
  readonly config: unknown;
  readonly capabilities: readonly string[];
  /** What the deployment says of it now, with the fields that the form does not show; null for a new one. */
  readonly base: Revision | null;
}

export interface SlotDraft {
  readonly name: string;
  /** Empty: as the filter asks for. */
  readonly phase: string;
  /** The slot as it is; null for a new one. */
  readonly base: Slot | null;
  readonly revisions: readonly DraftRevision[];
  /** What a split goes by, as documents write it. */
  readonly by: string;
  readonly dryRun: boolean;
  readonly failStrategy: string;
  readonly why: string;
}

/** A command and, where it reads one, the file it reads. */
export interface Command {
  readonly text: string;
  readonly file: { readonly name: string; readonly text: string } | null;
}

export function draftOfSlot(slot: Slot): SlotDraft {
  return {
    name: slot.name,
    phase: slot.phase,
    base: slot,
    revisions: slot.revisions.map(draftOfRevision),
    by: slot.split?.by ?? "source",
    dryRun: slot.dryRun === true,
    failStrategy: slot.failStrategy ?? "FAIL_CLOSE",
    why: "",
  };
}

function draftOfRevision(revision: Revision, id: number): DraftRevision {
  const { filter, version = "", tag = null, weight = 100, pluginConfig, capabilities = [] } = revision;
  return { id, filter, version, tag, weight, config: pluginConfig, capabilities, base: revision };
}

/** A slot of its own for a filter that has none, in the phase that the filter asks for. */
export function draftOfNewSlot(filter: string): SlotDraft {
  const first = emptyRevision(0, filter, 100);
  return {
    name: filter,
    phase: "",
    base: null,
    revisions: [first],
    by: "source",
    dryRun: false,
    failStrategy: "FAIL_CLOSE",
    why: "",
  };
}

function emptyRevision(id: number, filter: string, weight: number): DraftRevision {
  return { id, filter, version: "", tag: null, weight, config: undefined, capabilities: [], base: null };
}

/** One more revision beside the others: configured as the first, with no share until it is given one. */
export function withFurtherRevision(draft: SlotDraft): SlotDraft {
  const [stable] = draft.revisions;
  const id = 1 + Math.max(...draft.revisions.map((revision) => revision.id));
  const further = { ...(stable ?? emptyRevision(0, draft.name, 0)), id, weight: 0, version: "", tag: null };
  return { ...draft, revisions: [...draft.revisions, further] };
}

export function withoutRevision(draft: SlotDraft, id: number): SlotDraft {
  const left = draft.revisions.filter((revision) => revision.id !== id);
  return { ...draft, revisions: left.length === 1 ? [{ ...left[0]!, weight: 100 }] : left };
}

export function withRevision(draft: SlotDraft, id: number, change: Partial<DraftRevision>): SlotDraft {
  return { ...draft, revisions: draft.revisions.map((each) => (each.id === id ? { ...each, ...change } : each)) };
}

/** The whole document with the edited slot in its place, or at the end. */
export function documentOf(current: StoredDeployment | null, name: string, draft: SlotDraft): DeploymentDraft {
  const slot = slotOf(draft);
  const slots = current?.slots ?? [];
  const isThere = slots.some((present) => present.name === slot.name);
  const next = isThere ? slots.map((present) => (present.name === slot.name ? slot : present)) : [...slots, slot];
  return { ...withoutStamp(current, name), slots: next, ...(draft.why === "" ? {} : { why: draft.why }) };
}

/** A stored document as one would write it: without number, who and when, and without the reason of the last change. */
export function withoutStamp(current: StoredDeployment | null, name: string): DeploymentDraft {
  if (current === null) return { apiVersion: "sluice/v1", kind: "Deployment", name, slots: [] };
  const { number: _number, who: _who, when: _when, why: _why, ...written } = current;
  return written;
}

function slotOf({ name, phase, base, revisions, by, dryRun, failStrategy }: SlotDraft): Slot {
  const { split, dryRun: _dryRun, failStrategy: wasStrategy, failOpenOn, ...kept } = base ?? {};
  const isSplit = revisions.length > 1;
  return {
    ...kept,
    name,
    phase,
    ...(wasStrategy === undefined && failStrategy === "FAIL_CLOSE" ? {} : { failStrategy }),
    ...(failStrategy === "FAIL_OPEN" && failOpenOn !== undefined ? { failOpenOn } : {}),
    ...(dryRun || base?.dryRun !== undefined ? { dryRun } : {}),
    ...(isSplit ? { split: { ...split, by } } : {}),
    revisions: revisions.map((revision) => revisionOf(revision, isSplit)),
  };
}

function revisionOf(draft: DraftRevision, isSplit: boolean): Revision {
  const { tag: _tag, weight: _weight, pluginConfig: _config, capabilities: _capabilities, ...kept } = draft.base ?? {};
  const { filter, version, tag, weight, config, capabilities } = draft;
  return {
    ...kept,
    filter,
    version,
    ...(tag === null ? {} : { tag }),
    ...(isSplit ? { weight } : {}),
    ...(config === undefined ? {} : { pluginConfig: config }),
    ...(capabilities.length === 0 && draft.base?.capabilities === undefined ? {} : { capabilities }),
  };
}

/** `sluice deploy` with words where they can say it, else with the whole document. */
export function deployCommand(document: DeploymentDraft, draft: SlotDraft): Command {
  const slot = slotOf(draft);
  const { base } = draft;
  const last = slot.revisions.at(-1)!;
  const grants = last.capabilities?.filter((family) => base?.revisions[0]?.capabilities?.includes(family) !== true);
  const wishes: readonly Wish[] = [
    { config: null, grant: grants ?? [] },
    { config: { value: last.pluginConfig }, grant: grants ?? [] },
  ];
  const wish = wishes.find((each) => isSame(slotByWords(slot, base, each), slot));
  return wish === undefined ? documentCommand(document) : wordCommand(document, draft, slot, wish);
}

/** What `--config` (null: without) and `--grant` say. */
interface Wish {
  readonly config: { readonly value: unknown } | null;
  readonly grant: readonly string[];
}

function wordCommand(document: DeploymentDraft, draft: SlotDraft, slot: Slot, { config, grant }: Wish): Command {
  const references = slot.revisions.map(({ filter, tag, version = "" }) => `${filter}@${tag ?? version}`).join(",");
  const words = ["sluice", "deploy", `${slot.name}=${references}`];
  if (slot.revisions.length > 1) {
    words.push("--split", slot.revisions.map(({ weight }) => weight).join(","), "--by", draft.by);
  }
  if (draft.base === null) words.push("--add");
  if (config !== null) words.push("--config", `${slot.name}.json`);
  if (grant.length > 0) words.push("--grant", grant.join(","));
  if (document.name !== "default") words.push("--deployment", document.name);
  if (draft.why !== "") words.push("--why", draft.why);
  const file = config === null ? null : { name: `${slot.name}.json`, text: JSON.stringify(config.value, null, 2) };
  return { text: commandText(...words), file };
}

/**
 * The slot that the words would make (bin/deploy-plan.ts): each version keeps what the slot has for it, one that is new
 * to the slot what the stable one has; `--config` and `--grant` are for the only revision, else for all but the first.
 */
function slotByWords(slot: Slot, base: Slot | null, { config, grant }: Wish): Slot | null {
  if (config !== null && config.value === undefined) return null;
  const present = base?.revisions ?? [];
  const isSplit = slot.revisions.length > 1;
  const revisions = slot.revisions.map((wanted, place): Revision => {
    const isNew = !isSplit || place > 0 || present.length === 0;
    const mention = slot.revisions.slice(0, place).filter(({ version }) => version === wanted.version).length;
    const followed = present.filter(({ version }) => version === wanted.version)[mention] ?? present[0];
    const { weight: _weight, tag: _tag, ...kept } = followed ?? {};
    const { filter, version, tag, weight } = wanted;
    const capabilities = [...new Set([...(followed?.capabilities ?? []), ...(isNew ? grant : [])])];
    return {
      ...kept,
      filter,
      ...(version === undefined ? {} : { version }),
      ...(tag === undefined ? {} : { tag }),
      ...(weight === undefined ? {} : { weight }),
      ...(config !== null && isNew ? { pluginConfig: config.value } : {}),
      ...(capabilities.length > 0 ? { capabilities } : {}),
    };
  });
  const { split: _split, revisions: _revisions, ...rest } = base ?? { name: slot.name, phase: slot.phase };
  return { ...(rest as Slot), ...(slot.split === undefined ? {} : { split: slot.split }), revisions };
}

/** The command that writes a whole chain. */
export function documentCommand(document: DeploymentDraft): Command {
  const name = `${document.name}.json`;
  return {
    text: commandText("sluice", "deploy", "-f", name),
    file: { name, text: JSON.stringify(document, null, 2) },
  };
}

/** As JSON values: the order of keys does not count. */
function isSame(one: unknown, other: unknown): boolean {
  return sortedJson(one) === sortedJson(other);
}

function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) =>
    typeof each === "object" && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}
