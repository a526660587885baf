// Names of the exports that the meter adds. A module that brings one of them is refused, so they never clash.

/** Mutable i64: fuel left. Negative after a trap means that it ran out. */
export const FUEL_EXPORT = "sluice_fuel";

/** Mutable i32: depth left. -1 after a trap means that calls nested too deep. */
export const DEPTH_EXPORT = "sluice_depth";

/** Mutable i32: which blocks of memory the guest has written to since the host set it to 0. */
export const DIRTY_EXPORT = "sluice_dirty";

/** Mutable i32: which mutable globals the guest has set since the host set it to 0, as bits. */
export const CHANGED_EXPORT = "sluice_changed";

/** The module's start function, which the meter takes out of the start section so that imports find a memory. */
export const START_EXPORT = "sluice_start";

/** Export name of a mutable global, for the image reset. */
export function globalExport(index: number): string {
  return `sluice_global_${index}`;
}

/** The policy extension's marker begins alike and is not reserved. */
export const RESERVED_EXPORTS = /^sluice_(fuel|depth|dirty|changed|start|global_\d+)$/;
