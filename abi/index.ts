// The public face of @sluice/abi.

export { Head, PSEUDO, headOf } from "./head/head.ts";
export type { Direction, StreamDriver, StreamFlag } from "./stream/driver.ts";
export { SluiceError } from "./errors.ts";
export type { ErrorRow, ErrorTable } from "./errors.ts";
export { DOCUMENT_BYTES_MAX, DocumentError, nearestWord, readDocument, valueProblems } from "./documents/index.ts";
export type { Complain, DocumentOptions, Path, Problem } from "./documents/index.ts";
export { ABI_ERRORS } from "./error-table.ts";
export { CAUSE, FAIL_OPEN_DEFAULT, causeMask } from "./stream/cause.ts";
export type { CauseName } from "./stream/cause.ts";
export { Chain } from "./stream/chain.ts";
export type { ChainSlot } from "./stream/chain.ts";
export { Stream, takeStream } from "./stream/stream.ts";
export type { SlotReport, VerdictKind } from "./stream/stream.ts";
export { Plugin } from "./host/plugin.ts";
export type { PluginLimits, PluginSpec } from "./host/plugin.ts";
export type {
  Clock,
  FilterLog,
  HostServices,
  LogLevel,
  MetricStore,
  MetricType,
  SharedDataStore,
  SharedValue,
  TickScheduler,
  TickTarget,
} from "./host/services.ts";
export { prepareModule } from "./module/artifact.ts";
export type { ModuleArtifact } from "./module/artifact.ts";
export { inspect } from "./module/inspect.ts";
export type { Inspection, InspectOptions, InspectResult } from "./module/inspect.ts";
export { MEMORY_PAGES_DEFAULT, MODULE_BYTES_MAX } from "./module/limits.ts";
export { meter } from "./module/meter.ts";
export type { MeteredModule, MeterOptions } from "./module/meter.ts";
export { originalOffset } from "./module/offset-table.ts";
export type { OffsetTable } from "./module/offset-table.ts";
export type { Refusal } from "./module/refusal.ts";
