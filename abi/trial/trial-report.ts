// What goes into a trial and what comes out of it: plain data, sent between the parent and its child.
import type { PluginLimits } from "../host/plugin.ts";
import type { Inspection } from "../module/inspect.ts";
import type { Refusal } from "../module/refusal.ts";
import type { FilterDocument } from "../requests/filter-document.ts";
import type { CapabilityFamily } from "../spec/row.ts";

/** A request file as it was pushed. */
export interface TrialFile {
  readonly file: string;
  readonly text: string;
}

/** What is tried. */
export interface TrialInput {
  readonly module: Uint8Array;
  /** As the guest gets it; null: the filter document's example, else none. */
  readonly pluginConfig: Uint8Array | null;
  /** Null for a bare module. */
  readonly filter: FilterDocument | null;
  /** What the filter is called where it will run; absent: what its document says. */
  readonly name?: string;
  readonly requests: readonly TrialFile[];
  /** Granted beyond the default; absent: what the filter asks for. */
  readonly capabilities?: readonly CapabilityFamily[];
  readonly limits?: Partial<PluginLimits>;
  /** Absent: what each request file says, else none. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** One case of a request file. */
export interface TrialCase {
  readonly file: string;
  readonly name: string;
  readonly ok: boolean;
  /** Instructions of all its callbacks. */
  readonly fuel: number;
  /** What was expected and did not come; empty when it passed. */
  readonly failures: readonly string[];
}

/** What a trial found. */
export interface TrialReport {
  /** No refusal. */
  readonly ok: boolean;
  readonly refusal: Refusal | null;
  /** Null when inspection refused, or the child did not live to tell. */
  readonly inspection: Inspection | null;
  /** It started and took a configuration. False, without a refusal: it would not do without one, and none was given. */
  readonly configured: boolean;
  readonly requests: readonly TrialCase[];
  /** Of the dearest case; 0 without cases. */
  readonly fuelMax: number;
  /** Compiling every function of the metered module: the pause a first request would see without a warm-up. */
  readonly compileMs: number;
  readonly durationMs: number;
}

/** What the child is at, told to the parent before it begins. */
export type TrialStep = "being read" | "being compiled" | "starting" | "running its requests";

/** Child → parent. */
export type TrialMessage =
  | { readonly kind: "ready" }
  | { readonly kind: "step"; readonly step: TrialStep }
  | { readonly kind: "report"; readonly report: TrialReport };
