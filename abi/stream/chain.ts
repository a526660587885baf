// The filter chain of one snapshot, compiled by the control path and only read by streams. A route picks slots of it
// by a bit mask, so a chain has at most SLOTS_MAX slots.

import type { Head } from "../head/head.ts";
import type { Plugin } from "../host/plugin.ts";
import { PHASE } from "../host/phase.ts";
import type { StreamContext } from "../host/stream-context.ts";
import { BODY_BUFFER_BYTES, SLOTS_MAX, SLOT_REVISIONS_MAX } from "./limits.ts";

/**
 * Which slots of a mask have which phase, so that a stream asks with one AND. A slot with several revisions has the phases
 * of any of them; what the one that serves a stream lacks is taken out once it is chosen.
 */
export interface ChainPlan {
  readonly mask: number;
  /** Slots with more than one revision. */
  readonly splits: number;
  readonly requestBody: number;
  readonly requestTrailers: number;
  readonly responseHeaders: number;
  readonly responseBody: number;
  readonly responseTrailers: number;
  /** A slot may edit the request head after an earlier slot's check: what checks read must be noted. */
  readonly tracksReads: boolean;
}

/** One revision of a slot as this thread runs it. */
export interface SlotRevision {
  /** null: it could not be loaded; every stream it is chosen for meets cause `notLoaded`. */
  readonly plugin: Plugin | null;
  /** What the record says of it, also when nothing is loaded: filter's name, version's and revision's digest. */
  readonly filter: string;
  readonly version: string;
  readonly revision: string;
  /** With `plugin: null`, why: the sentence of the refusal. */
  readonly notLoaded: string | null;
  /** `requires: [check]` of the filter: "no opinion" from it is an error. */
  readonly requiresCheck: boolean;
}

/** Says which of a slot's revisions serves a stream. */
export interface SplitChoice {
  /**
   * Place in `ChainSlot.revisions`. Called at most once per stream and slot, when the slot is first asked: `head` and
   * `context.property` show what the slots before it have left there. On the data path: must not throw.
   */
  choose(head: Head, context: StreamContext): number;
}

/** One place in the chain with the revisions that serve it on this thread. */
export interface ChainSlot {
  readonly name: string;
  /** Position in the chain and bit in slot masks: 0 … SLOTS_MAX − 1, equal to its place in `Chain.slots`. */
  readonly index: number;
  /** At least one; the first is the stable one. A revision's place here is its arm. */
  readonly revisions: readonly SlotRevision[];
  /** null: the stable revision serves every stream that is not forced elsewhere. */
  readonly split: SplitChoice | null;
  /** Union of `CAUSE` bits on which the slot is skipped; 0 is FAIL_CLOSE. */
  readonly failOpen: number;
  readonly dryRun: boolean;
  readonly bodyWhilePaused: boolean;
}

/** The slots that streams pass, in order. Immutable; made once on the control path and shared by all its streams. */
export class Chain {
  readonly slots: readonly ChainSlot[];
  /** The mask of every slot. */
  readonly all: number;
  /** Bytes a direction of one stream may hold for filters that buffer or pause. */
  readonly bodyBufferBytesMax: number;
  private readonly plans = new Map<number, ChainPlan>();

  constructor(slots: readonly ChainSlot[], bodyBufferBytesMax = BODY_BUFFER_BYTES) {
    if (slots.length > SLOTS_MAX) throw new RangeError(`a chain has ${slots.length} slots; ${SLOTS_MAX} are possible`);
    slots.forEach((slot, at) => {
      if (slot.index !== at) throw new RangeError(`slot ${slot.name} at place ${at} says its index is ${slot.index}`);
      if (slot.revisions.length === 0 || slot.revisions.length > SLOT_REVISIONS_MAX)
        throw new RangeError(`slot ${slot.name} has ${slot.revisions.length} revisions`);
    });
    this.slots = slots;
    this.bodyBufferBytesMax = bodyBufferBytesMax;
    this.all = 2 ** slots.length - 1;
  }

  /** The mask of the named slots; names the chain does not have are left out. */
  maskOf(slotNames: Iterable<string>): number {
    const wanted = new Set(slotNames);
    return this.slots.reduce((mask, slot) => (wanted.has(slot.name) ? mask | (1 << slot.index) : mask), 0);
  }

  /** The phases of the slots in `mask`. Routes are few, so each mask is compiled once. */
  planOf(mask: number): ChainPlan {
    const known = this.plans.get(mask);
    if (known !== undefined) return known;
    const plan = compilePlan(this.slots, mask);
    this.plans.set(mask, plan);
    return plan;
  }
}

/** A chain of one slot that fails closed: what tests of a single filter run. */
export function chainOfOne(plugin: Plugin): Chain {
  const { slot, filter, version, revision, requiresCheck } = plugin.spec;
  return new Chain([
    {
      name: slot,
      index: 0,
      revisions: [{ plugin, filter, version, revision, notLoaded: null, requiresCheck }],
      split: null,
      failOpen: 0,
      dryRun: false,
      bodyWhilePaused: false,
    },
  ]);
}

function compilePlan(slots: readonly ChainSlot[], mask: number): ChainPlan {
  const those = (is: (slot: ChainSlot) => boolean): number =>
    slots.reduce(
      (found, slot) => ((mask & (1 << slot.index)) !== 0 && is(slot) ? found | (1 << slot.index) : found),
      0,
    );
  const withPhase = (phase: number): number =>
    those(({ revisions }) => revisions.some(({ plugin }) => plugin !== null && (plugin.phases & phase) !== 0));
  const checks = withPhase(PHASE.check);
  const editors = withPhase(PHASE.check | PHASE.requestHeaders | PHASE.requestBody);
  return {
    mask,
    splits: those(({ revisions }) => revisions.length > 1),
    requestBody: withPhase(PHASE.requestBody),
    requestTrailers: withPhase(PHASE.requestTrailers),
    responseHeaders: withPhase(PHASE.responseHeaders),
    responseBody: withPhase(PHASE.responseBody),
    responseTrailers: withPhase(PHASE.responseTrailers),
    // The first check stands before the last editor.
    tracksReads: checks !== 0 && editors > (checks & -checks),
  };
}
