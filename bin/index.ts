// The public face of @sluice/bin: what tests and programs use of the command without starting it.

export { runCli } from "./cli.ts";
export { awaitFleet } from "./fleet.ts";
export type { FleetState } from "./fleet.ts";
export { ApiRefusal } from "./api-caller.ts";
export { RegistryClient } from "./registry-client.ts";
export type { DeploymentDraft, PushParts, VersionEntry } from "./registry-client.ts";
export type { ComparedRevision } from "./revision-comparison.ts";
export type { Terminal } from "./terminal.ts";
