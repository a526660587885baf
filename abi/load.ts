// The part of @sluice/abi that makes modules ready: reading, metering and compiling them, starting a plugin once. No
// documents and no schemas, which would cost the thread that does this some 20 MB.

export { ABI_ERRORS } from "./error-table.ts";
export { SluiceError } from "./errors.ts";
export { headOf } from "./head/head.ts";
export { SILENT_CALLOUTS } from "./host/callouts.ts";
export { Plugin } from "./host/plugin.ts";
export { AnyQuotas } from "./quota/any-quotas.ts";
export { prepareModule } from "./module/artifact.ts";
export { chainOfOne } from "./stream/chain.ts";
export { takeStream } from "./stream/stream.ts";
export { MemoryQueues } from "./shared/memory-queues.ts";
export { SharedData, createSharedDataBuffer } from "./shared/shared-data.ts";
