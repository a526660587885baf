// Names of the exports that the meter adds: functions, where the host asks around every callback, since a call costs 5 ns and a
// global's accessor 15 to 20. A module that brings one of them is refused, so they never clash.

/** (i32) → (): how much fuel there is from now on. */
export const REFUEL_EXPORT = "sluice_refuel";

/** () → i32: fuel left. Negative after a trap means that it ran out. */
export const FUEL_LEFT_EXPORT = "sluice_fuel_left";

/** Mutable i32: depth left. -1 after a trap means that calls nested too deep. */
export const DEPTH_EXPORT = "sluice_depth";

/** () → i32: which blocks of memory the guest may have written since the last call, as bits; all before the first. */
export const TAKE_DIRTY_EXPORT = "sluice_take_dirty";

/** () → i32: the same of mutable globals. */
export const TAKE_CHANGED_EXPORT = "sluice_take_changed";

/** The module's start function, which the meter takes out of the start section so that imports find a memory. */
export const START_EXPORT = "sluice_start";

/** Export name of a mutable global, for the image reset. */
export function globalExport(index: number): string {
  return `sluice_global_${index}`;
}

/** The policy extension's marker begins alike and is not reserved. */
export const RESERVED_EXPORTS = /^sluice_(refuel|fuel_left|depth|take_dirty|take_changed|start|global_\d+)$/;
