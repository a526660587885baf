// A module made ready to run: inspected, metered and compiled once, then sent to every thread that runs it.
import { inspect, type Inspection } from "./inspect.ts";
import { MEMORY_PAGES_DEFAULT, TABLE_ENTRIES_MAX } from "./limits.ts";
import { meter, type MeteredModule, type MeterOptions } from "./meter.ts";
import { errorOf } from "./refusal.ts";

/** Structured-cloneable; V8 shares the compiled code between threads. */
export interface ModuleArtifact {
  /** `sha256:…` of the pushed bytes. */
  readonly digest: string;
  /** Compiled from the metered bytes. */
  readonly module: WebAssembly.Module;
  readonly inspection: Inspection;
  readonly meter: Omit<MeteredModule, "bytes">;
}

/** Inspects, meters and compiles. Throws SluiceError with the refusal's code. */
export function prepareModule(bytes: Uint8Array, options: Partial<MeterOptions> = {}): ModuleArtifact {
  const memoryPagesMax = options.memoryPagesMax ?? MEMORY_PAGES_DEFAULT;
  const result = inspect(bytes, { memoryPagesMax });
  if (!result.ok) throw errorOf(result.refusal);
  const metered = meter(bytes, { tableEntriesMax: TABLE_ENTRIES_MAX, ...options, memoryPagesMax });
  const { bytes: meteredBytes, ...rest } = metered;
  return {
    digest: `sha256:${result.inspection.sha256}`,
    module: new WebAssembly.Module(meteredBytes),
    inspection: result.inspection,
    meter: rest,
  };
}
