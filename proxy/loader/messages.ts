// What main and the loader thread say to each other; one question at a time.

import type { LogLevel, ModuleArtifact, PluginSpec, Refusal } from "@sluice/abi";

/** `workerData` of the thread: what a filter may ask about where it runs, as a worker's are told. */
export interface LoaderStart {
  readonly nodeId: string;
  readonly logLevel: LogLevel;
}

export type ToLoader =
  | { readonly type: "compile"; readonly module: Uint8Array; readonly memoryPagesMax: number }
  | { readonly type: "start"; readonly artifact: ModuleArtifact; readonly spec: PluginSpec }
  | {
      readonly type: "rehearse";
      readonly artifact: ModuleArtifact;
      readonly spec: PluginSpec;
      readonly withinMs: number;
    };

/** What a filter is like on a thread that has not had it before. */
export interface Rehearsal {
  /** How long its start takes the thread: so long a worker does nothing else when it gets the filter. */
  readonly startMs: number;
  /** Requests that it was played. */
  readonly streams: number;
}

export type FromLoader =
  | { readonly type: "ready" }
  | { readonly type: "compiled"; readonly artifact: ModuleArtifact }
  | { readonly type: "started" }
  | { readonly type: "rehearsed"; readonly rehearsal: Rehearsal }
  | { readonly type: "refused"; readonly refusal: Refusal };
