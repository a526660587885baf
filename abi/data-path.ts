// The part of @sluice/abi that a worker thread runs: head view, stream engine, host. No documents, no schemas, no
// trials: loading those would cost each worker some 20 MB and a quarter of a second.

export { Head, PSEUDO, headOf } from "./head/head.ts";
export { SluiceError } from "./errors.ts";
export { CAUSE } from "./stream/cause.ts";
export { Chain } from "./stream/chain.ts";
export { bodyBytesHeld } from "./stream/body-buffer.ts";
export { takeStream } from "./stream/stream.ts";
export { MirrorFlags } from "./spec/enums.ts";
export { Plugin } from "./host/plugin.ts";
export { foreignFunctions } from "./foreign/index.ts";
export { SharedQuotas } from "./quota/shared-quotas.ts";
export { monotonicUs } from "./quota/monotonic-us.ts";
export { SharedQueues } from "./shared/shared-queues.ts";
export { StagedQueues } from "./shared/staged-queues.ts";
export { SharedData } from "./shared/shared-data.ts";
