// The shape of the specification's rows and the words they are written in. The data stands in the sibling files;
// what hosts, SDKs and documents need is generated from it (generate.ts), so nobody retypes a signature.

/** The proxy-wasm versions, oldest first. A hostcall or callback names those that have it. */
export const ABI_VERSIONS = ["0.1.0", "0.2.0", "0.2.1"] as const;
export type AbiVersion = (typeof ABI_VERSIONS)[number];

/** The capability families of deployment.yaml. `always` marks what needs no grant. */
export const CAPABILITY_FAMILIES = [
  "headers",
  "body",
  "properties",
  "log",
  "metrics",
  "stream",
  "clock",
  "timer",
  "sharedData",
  "queue",
  "callout",
  "foreign",
  "policy",
] as const;
export type CapabilityFamily = (typeof CAPABILITY_FAMILIES)[number];

/** Granted to a revision that asks for nothing. */
export const DEFAULT_CAPABILITIES: readonly CapabilityFamily[] = [
  "headers",
  "body",
  "properties",
  "log",
  "metrics",
  "stream",
  "clock",
  "policy",
];

/**
 * What a hostcall does to a check whose verdict shall be kept: `tracked` inputs are remembered with the verdict,
 * an `impure` one makes the run unkept, a `replayable` effect is done again on a hit, `forbidden` ones are refused.
 */
export const EFFECTS = ["tracked", "impure", "replayable", "forbidden"] as const;
export type Effect = (typeof EFFECTS)[number];

/**
 * A parameter as the guest means it. `u32`, `i32`, `u64` and `i64` are one wasm value. `bytes` (any bytes), `pairs`
 * (a serialised header map) and `path` (segments joined by NUL) are a pointer and a size. `outBytes` is two pointers, to where
 * the host writes pointer and size of a fresh block; `outU32`, `outU64` and `outI64` point to where it writes a value.
 */
export type ParamType =
  | "u32"
  | "i32"
  | "u64"
  | "i64"
  | "f64"
  | "bytes"
  | "pairs"
  | "path"
  | "outBytes"
  | "outU32"
  | "outU64"
  | "outI64";

export interface Param {
  /** camelCase; the wire names of a pair are made by adding Ptr and Size. */
  readonly name: string;
  readonly type: ParamType;
  /** Name of the enum whose values the parameter takes; anything else is BadArgument. */
  readonly enum?: string;
}

/** A different effect for some values of one parameter: configuration buffers are tracked, bodies are not. */
export interface EffectException {
  readonly param: string;
  readonly values: readonly string[];
  readonly effect: Effect;
}

/** A function the guest imports from `env` (proxy-wasm) or `sluice` (the policy extension). */
export interface HostcallRow {
  readonly name: string;
  readonly module: "env" | "sluice";
  readonly versions: readonly AbiVersion[];
  readonly params: readonly Param[];
  /** Every hostcall answers a status, the first three of 0.1.0 included, though that text lists none. */
  readonly result: "status";
  /** What it may answer beyond InternalFailure, which every hostcall answers when it is not granted. */
  readonly statuses: readonly string[];
  /** Where it can have its effect: callbacks, and the two moments `start` and `allocator` that are not callbacks. */
  readonly callbacks: readonly string[];
  readonly family: CapabilityFamily | "always";
  readonly effect: Effect;
  readonly exception?: EffectException;
  readonly prose: string;
}

/** A function the guest exports and the host calls. All parameters are i32. */
export interface CallbackRow {
  readonly name: string;
  readonly module: "env" | "sluice";
  readonly versions: readonly AbiVersion[];
  readonly params: readonly string[];
  /** Versions whose parameters differ from `params`. */
  readonly paramsIn?: Readonly<Partial<Record<AbiVersion, readonly string[]>>>;
  /** Name of the enum of its result, `bool`, or null for none. */
  readonly result: string | null;
  /** The kind of context whose id is the first parameter. */
  readonly context: "root" | "stream" | "either";
  readonly prose: string;
}

/** A WASI function, or one of the helpers that compilers import from `env`. */
export interface WasiRow {
  readonly name: string;
  readonly params: readonly Param[];
  /** `errno` and `i32` are an i32. */
  readonly result: "errno" | "i32" | "f64" | null;
  /** The errno that answers every call, or null where it has behaviour, which `prose` says. */
  readonly fixed: number | null;
  readonly family: CapabilityFamily | "always";
  readonly effect: Effect;
  /** Callable while the host asks the guest's allocator for memory. */
  readonly allocator: boolean;
  readonly prose: string;
}

/** Named values that a parameter or a result takes. */
export interface EnumRow {
  readonly name: string;
  readonly values: Readonly<Record<string, number>>;
  readonly prose: string;
}

export type WasmType = "i32" | "i64" | "f64";

/** One wasm parameter of a hostcall: what the generators print and the inspector compares types with. */
export interface WireParam {
  readonly name: string;
  readonly type: WasmType;
}

/** A row's parameters as wasm sees them, in order: pairs taken apart, out parameters as the pointers they are. */
export function wireParams(params: readonly Param[]): WireParam[] {
  return params.flatMap(wireParam);
}

function wireParam({ name, type }: Param): WireParam[] {
  switch (type) {
    case "u32":
    case "i32":
      return [{ name, type: "i32" }];
    case "u64":
    case "i64":
      return [{ name, type: "i64" }];
    case "f64":
      return [{ name, type: "f64" }];
    case "bytes":
    case "pairs":
    case "path":
      return [
        { name: `${name}Ptr`, type: "i32" },
        { name: `${name}Size`, type: "i32" },
      ];
    case "outBytes":
      return [
        { name: `${name}PtrOut`, type: "i32" },
        { name: `${name}SizeOut`, type: "i32" },
      ];
    default:
      return [{ name: `${name}Out`, type: "i32" }];
  }
}
