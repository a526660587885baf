// The public face of @sluice/registry.

export { createRegistry } from "./registry.ts";
export type { Registry, RegistryOptions } from "./registry.ts";
export { restoreBackup } from "./housekeeping/restore.ts";
export type { Restored } from "./housekeeping/restore.ts";
export type { Collected, RemovedVersion } from "./housekeeping/housekeeping.ts";
export { REGISTRY_ERRORS } from "./errors.ts";
export type { Difference } from "./deployments/difference.ts";
export type { Written } from "./deployments/deployment-desk.ts";
export type { Forced } from "./deployments/force.ts";
export type { Pushed } from "./filters/push.ts";
export type { Proof } from "./filters/proof.ts";
export type { ProxyView } from "./fleet/fleet.ts";
export type { FilterSummary, StoredVersion } from "./store/version-table.ts";
export type { StoredOverrideEvent } from "./store/override-table.ts";
export type { StoredDeployment } from "./store/deployment-table.ts";
