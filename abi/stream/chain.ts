// The filter chain of one snapshot, compiled by the control path and only read by streams. A route picks slots of it
// by a bit mask, so a chain has at most SLOTS_MAX slots.

import type { Plugin } from "../host/plugin.ts";
import { PHASE } from "../host/phase.ts";
import { BODY_BUFFER_BYTES, SLOTS_MAX } from "./limits.ts";

/** Which slots of a mask have which phase, so that a stream asks with one AND. */
export interface ChainPlan {
  readonly mask: number;
  readonly requestBody: number;
  readonly requestTrailers: number;
  readonly responseHeaders: number;
  readonly responseBody: number;
  readonly responseTrailers: number;
  /** A slot may edit the request head after an earlier slot's check: what checks read must be noted. */
  readonly tracksReads: boolean;
}

/** One place in the chain with the revision that serves it on this thread. */
export interface ChainSlot {
  readonly name: string;
  /** Position in the chain and bit in slot masks: 0 … SLOTS_MAX − 1, equal to its place in `Chain.slots`. */
  readonly index: number;
  /** null: the revision could not be loaded; every stream of the slot meets cause `notLoaded`. */
  readonly plugin: Plugin | null;
  /** What the record says of the slot, also when nothing is loaded: filter's name, version's and revision's digest. */
  readonly filter: string;
  readonly version: string;
  readonly revision: string;
  /** With `plugin: null`, why: the sentence of the refusal. */
  readonly notLoaded: string | null;
  /** Union of `CAUSE` bits on which the slot is skipped; 0 is FAIL_CLOSE. */
  readonly failOpen: number;
  readonly dryRun: boolean;
  readonly bodyWhilePaused: boolean;
  /** `requires: [check]` of the filter: "no opinion" from it is an error. */
  readonly requiresCheck: boolean;
}

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
      plugin,
      filter,
      version,
      revision,
      notLoaded: null,
      failOpen: 0,
      dryRun: false,
      bodyWhilePaused: false,
      requiresCheck,
    },
  ]);
}

function compilePlan(slots: readonly ChainSlot[], mask: number): ChainPlan {
  const withPhase = (phase: number): number =>
    slots.reduce(
      (found, { index, plugin }) =>
        (mask & (1 << index)) !== 0 && plugin !== null && (plugin.phases & phase) !== 0 ? found | (1 << index) : found,
      0,
    );
  const checks = withPhase(PHASE.check);
  const editors = withPhase(PHASE.check | PHASE.requestHeaders | PHASE.requestBody);
  return {
    mask,
    requestBody: withPhase(PHASE.requestBody),
    requestTrailers: withPhase(PHASE.requestTrailers),
    responseHeaders: withPhase(PHASE.responseHeaders),
    responseBody: withPhase(PHASE.responseBody),
    responseTrailers: withPhase(PHASE.responseTrailers),
    // The first check stands before the last editor.
    tracksReads: checks !== 0 && editors > (checks & -checks),
  };
}
