// Who calls whom, and what follows for metering: functions that can recurse, and small ones whose cost their callers can
// pay. Both keep the meter's code off the calls that are made most.
import { CHAIN_UNITS_MAX, FOLDED_FUEL_MAX, FRAME_VALUES_SHIFT, LONG_LOOP_FUEL } from "./limits.ts";
import { MARK, type CallSite, type FunctionPlan } from "./code-plan.ts";
import type { ModuleShape } from "./module-shape.ts";

/** How one function is metered. */
export interface Metering {
  /** Fuel charged at its entry; 0 where its callers pay. */
  readonly entryFuel: number;
  /** Fuel of its marks, in their order: loops, their folded calls included. */
  readonly markFuel: readonly number[];
  /** It keeps the fuel in a local, since a loop of it runs without anybody else charging. */
  readonly keepsFuel: boolean;
  /** Calls around which a kept fuel is written back and read again. */
  readonly chargingCalls: readonly CallSite[];
  /** Depth taken while it runs: its own frame and those of the uncounted functions below it. 0: not counted. */
  readonly depthUnits: number;
}

/** Decides for every function of a module. */
export function decideMetering(
  shape: ModuleShape,
  plans: readonly FunctionPlan[],
  addressTaken: ReadonlySet<number>,
): Metering[] {
  return new CallGraph(shape, plans, addressTaken).decide();
}

class CallGraph {
  private readonly plans: readonly FunctionPlan[];
  private readonly imported: number;
  /**
   * Callees by node. Nodes are the defined functions and, behind them, one per type that is called through a table: its
   * callees are all functions of that type whose address is taken.
   */
  private readonly callees: readonly (readonly number[])[];
  /** Functions that somebody but a direct call can reach; they pay for themselves. */
  private readonly reachable: ReadonlySet<number>;
  /** Fuel of functions that their callers pay for. */
  private readonly folded: Int32Array;
  /** 1: nothing in it or under it charges fuel. */
  private readonly silent: Uint8Array;
  private readonly chains: Int32Array;
  private readonly decided: Metering[];

  constructor(shape: ModuleShape, plans: readonly FunctionPlan[], addressTaken: ReadonlySet<number>) {
    this.plans = plans;
    this.imported = shape.imports.length;
    const exported = shape.exports.filter(({ kind }) => kind === "function").map(({ index }) => index);
    const start = shape.startFunction === null ? [] : [shape.startFunction];
    this.reachable = new Set([...addressTaken, ...exported, ...start].map((index) => index - this.imported));
    this.callees = this.drawEdges(addressTaken);
    this.folded = new Int32Array(plans.length);
    this.silent = new Uint8Array(plans.length);
    this.chains = new Int32Array(this.callees.length);
    this.decided = Array.from<Metering>({ length: plans.length });
  }

  decide(): Metering[] {
    for (const component of componentsCalleesFirst(this.callees)) {
      const recursive = component.length > 1 || this.callees[component[0]!]!.includes(component[0]!);
      for (const node of component) {
        if (node < this.plans.length) this.decideOne(node, recursive);
        else this.chains[node] = recursive ? 0 : this.deepestBelow(node);
      }
    }
    return this.decided;
  }

  private drawEdges(addressTaken: ReadonlySet<number>): number[][] {
    const byType = groupByType(this.plans, addressTaken, this.imported);
    const typeNodes = new Map([...byType.keys()].map((type, index) => [type, this.plans.length + index]));
    const functions = this.plans.map(({ calls, indirectTypes }) => {
      const callees = new Set(calls.map(({ callee }) => callee - this.imported).filter((callee) => callee >= 0));
      for (const type of indirectTypes) if (typeNodes.has(type)) callees.add(typeNodes.get(type)!);
      return [...callees];
    });
    return [...functions, ...byType.values()];
  }

  private decideOne(index: number, recursive: boolean): void {
    const plan = this.plans[index]!;
    const markFuel = plan.marks.map(({ value }) => value);
    let entryFuel = plan.entryFuel;
    for (const { callee, owner } of plan.calls) {
      const fuel = this.folded[callee - this.imported] ?? 0;
      if (owner < 0) entryFuel += fuel;
      else markFuel[owner]! += fuel;
    }
    mergeShortLoops(plan, markFuel);
    const pays = recursive || plan.loops || this.reachable.has(index) || entryFuel > FOLDED_FUEL_MAX;
    const chargingCalls = plan.calls.filter(({ callee }) => this.silent[callee - this.imported] !== 1);
    if (!pays) {
      this.folded[index] = entryFuel;
      this.silent[index] = chargingCalls.length === 0 && !chargesByLength(plan) ? 1 : 0;
    }
    this.decided[index] = {
      entryFuel: pays ? entryFuel : 0,
      markFuel,
      keepsFuel: hasQuietLoop(plan, chargingCalls),
      chargingCalls,
      depthUnits: this.depthUnits(index, recursive),
    };
  }

  private depthUnits(index: number, recursive: boolean): number {
    const units = 1 + (this.plans[index]!.frameValues >> FRAME_VALUES_SHIFT) + this.deepestBelow(index);
    if (recursive || units > CHAIN_UNITS_MAX) return units;
    this.chains[index] = units;
    return 0;
  }

  /** Depth units of the deepest chain of uncounted functions under a node. */
  private deepestBelow(node: number): number {
    return this.callees[node]!.reduce((deepest, callee) => Math.max(deepest, this.chains[callee]!), 0);
  }
}

/**
 * The head of a short loop pays for the whole body: one charge a turn. In a long one each segment pays for itself, for
 * what std Go compiles is one loop around a whole function, and every jump in it passes the loop's head.
 */
function mergeShortLoops({ marks }: FunctionPlan, markFuel: number[]): void {
  const whole = new Float64Array(marks.length);
  const loopOf = (index: number): number => (marks[index]!.kind === MARK.segment ? marks[index]!.outer : index);
  for (let index = 0; index < marks.length; index++) whole[loopOf(index)]! += markFuel[index]!;
  for (let index = 0; index < marks.length; index++) {
    if (marks[index]!.kind !== MARK.segment || whole[loopOf(index)]! > LONG_LOOP_FUEL) continue;
    markFuel[loopOf(index)]! += markFuel[index]!;
    markFuel[index] = 0;
  }
}

/** Bulk operations charge where they stand, whoever pays for the rest of the function. */
function chargesByLength({ marks }: FunctionPlan): boolean {
  return marks.some(({ kind }) => kind === MARK.bulkBytes || kind === MARK.bulkEntries);
}

/** Whether a loop runs through without a call that charges. */
function hasQuietLoop({ marks }: FunctionPlan, chargingCalls: readonly CallSite[]): boolean {
  const loud = new Uint8Array(marks.length);
  for (const { owner } of chargingCalls) {
    for (let loop = owner; loop >= 0 && loud[loop] === 0; loop = marks[loop]!.outer) loud[loop] = 1;
  }
  return marks.some(({ kind }, index) => kind === MARK.loop && loud[index] === 0);
}

function groupByType(
  plans: readonly FunctionPlan[],
  addressTaken: ReadonlySet<number>,
  imported: number,
): Map<string, number[]> {
  const byType = new Map<string, number[]>();
  for (const index of addressTaken) {
    const plan = plans[index - imported];
    if (plan === undefined) continue;
    const group = byType.get(plan.type.text);
    if (group === undefined) byType.set(plan.type.text, [index - imported]);
    else group.push(index - imported);
  }
  return byType;
}

/**
 * Strongly connected components, every component after those it calls (Tarjan). Without recursion of our own: a module may
 * hold a chain of 100,000 functions.
 */
function componentsCalleesFirst(callees: readonly (readonly number[])[]): number[][] {
  const order = new Int32Array(callees.length).fill(-1);
  const lowest = new Int32Array(callees.length);
  const next = new Int32Array(callees.length);
  const open: number[] = [];
  const isOpen = new Uint8Array(callees.length);
  const components: number[][] = [];
  let counter = 0;
  for (let root = 0; root < callees.length; root++) {
    if (order[root] !== -1) continue;
    const path = [root];
    while (path.length > 0) {
      const node = path.at(-1)!;
      if (order[node] === -1) {
        order[node] = lowest[node] = counter++;
        open.push(node);
        isOpen[node] = 1;
      }
      const callee = callees[node]![next[node]!++];
      if (callee !== undefined) {
        if (order[callee] === -1) path.push(callee);
        else if (isOpen[callee] === 1) lowest[node] = Math.min(lowest[node]!, order[callee]!);
        continue;
      }
      path.pop();
      const caller = path.at(-1);
      if (caller !== undefined) lowest[caller] = Math.min(lowest[caller]!, lowest[node]!);
      if (lowest[node] === order[node]) components.push(takeComponent(open, isOpen, node));
    }
  }
  return components;
}

function takeComponent(open: number[], isOpen: Uint8Array, root: number): number[] {
  const component: number[] = [];
  for (;;) {
    const node = open.pop()!;
    isOpen[node] = 0;
    component.push(node);
    if (node === root) return component;
  }
}
