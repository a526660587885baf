// What main and the loader thread say to each other; one question at a time.

import type { LogLevel, ModuleArtifact, PluginSpec, Refusal } from "@sluice/abi";

/** `workerData` of the thread: what a filter may ask about where it runs, as a worker's are told. */
export interface LoaderStart {
  readonly nodeId: string;
  readonly logLevel: LogLevel;
}

export type ToLoader =
  | { readonly type: "compile"; readonly module: Uint8Array; readonly memoryPagesMax: number }
  | { readonly type: "start"; readonly artifact: ModuleArtifact; readonly spec: PluginSpec };

export type FromLoader =
  | { readonly type: "ready" }
  | { readonly type: "compiled"; readonly artifact: ModuleArtifact }
  | { readonly type: "started" }
  | { readonly type: "refused"; readonly refusal: Refusal };
