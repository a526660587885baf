// The public face of @sluice/abi.
// Whoever imports abi from another tsconfig needs this global declaration too, and globals cannot be imported.
// oxlint-disable-next-line typescript/triple-slash-reference
/// <reference path="./webassembly.d.ts" preserve="true" />

export { Head, PSEUDO, headOf } from "./head/head.ts";
export type { Direction, StreamDriver, StreamFlag } from "./stream/driver.ts";
export { SluiceError } from "./errors.ts";
export type { ErrorRow, ErrorTable } from "./errors.ts";
export {
  DOCUMENT_BYTES_MAX,
  DocumentError,
  DurationSchema,
  SIZE_DESCRIPTION,
  SIZE_PATTERN,
  SizeSchema,
  canonicalJson,
  durationMs,
  nearestWord,
  readDocument,
  sizeBytes,
  valueProblems,
} from "./documents/index.ts";
export type { Complain, DocumentOptions, Path, Problem } from "./documents/index.ts";
export { ABI_ERRORS } from "./error-table.ts";
export { CAUSE, FAIL_OPEN_DEFAULT, causeMask } from "./stream/cause.ts";
export type { CauseName } from "./stream/cause.ts";
export { Chain, chainOfOne } from "./stream/chain.ts";
export type { ChainSlot, SlotRevision, SplitChoice } from "./stream/chain.ts";
export { NameSet, nameSetOf } from "./head/name-set.ts";
export { Stream, takeStream } from "./stream/stream.ts";
export { ReadLog } from "./stream/read-log.ts";
export type { SlotFigures, SlotReport } from "./stream/slot-report.ts";
export type { VerdictKind } from "./stream/verdict.ts";
export { SILENT_CALLOUTS } from "./host/callouts.ts";
export type {
  Callout,
  CalloutClient,
  GrpcCallRequest,
  GrpcRequest,
  GrpcSink,
  GrpcStream,
  HttpCallout,
  HttpSink,
} from "./host/callouts.ts";
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
export { errorOf } from "./module/refusal.ts";
export type { Refusal } from "./module/refusal.ts";
export { Instance } from "./host/instance.ts";
export { GuestFailure } from "./host/guest-failure.ts";
export type { FailureCause } from "./host/guest-failure.ts";
export { QUOTA_BURST_MAX, QUOTAS_MAX } from "./quota/limits.ts";
export { QuotasSchema, checkQuotas, quotaDefinitions, unservedQuota } from "./quota/quota-document.ts";
export type { QuotaDocument } from "./quota/quota-document.ts";
export { QuotaBook } from "./quota/quota-book.ts";
export type { QuotaCounts, QuotaPlan, QuotaTableCounts } from "./quota/quota-book.ts";
export { createQuotaBuffer } from "./quota/quota-memory.ts";
export { SharedQuotas } from "./quota/shared-quotas.ts";
export { monotonicUs } from "./quota/monotonic-us.ts";
export { AnyQuotas } from "./quota/any-quotas.ts";
export { MemoryQuotas } from "./quota/memory-quotas.ts";
export type {
  Quota,
  QuotaAnswer,
  QuotaBackend,
  QuotaDefinition,
  QuotaReservation,
  QuotaWindow,
} from "./quota/quota-backend.ts";
export type { QuotaUse } from "./stream/reservations.ts";
export type { CalloutScript, MemoryCallouts, RecordedCallout, ScriptedAnswer } from "./host/memory-callouts.ts";
export { ManualClock, MemoryMetrics, MemoryServices } from "./host/memory-services.ts";
export type { MemoryServicesOptions } from "./host/memory-services.ts";
export { MESSAGE_PHASES, PHASE } from "./host/phase.ts";
export type { LocalReply, MirrorAnswer, StreamBody, StreamContext } from "./host/stream-context.ts";
export { foreignFunctions } from "./foreign/index.ts";
export type { ForeignCall, ForeignFunction, ForeignFunctions } from "./foreign/foreign-function.ts";
export { MemoryConnection } from "./tcp/memory-connection.ts";
export type { MemoryConnectionOptions } from "./tcp/memory-connection.ts";
export type { TcpDriver } from "./tcp/tcp-driver.ts";
export { TcpStream } from "./tcp/tcp-stream.ts";
export type { TcpSlotReport, TcpStreamOptions } from "./tcp/tcp-stream.ts";
export { MemoryQueues } from "./shared/memory-queues.ts";
export type { OpenQueueStore, QueueReceiver, QueueStore } from "./shared/queue-store.ts";
export { SharedData, createSharedDataBuffer } from "./shared/shared-data.ts";
export type { FreedLocks } from "./shared/shared-data.ts";
export { SharedQueues, createQueuesBuffer } from "./shared/shared-queues.ts";
export type { Owner } from "./shared/shard-lock.ts";
export { ConfigSchema } from "./requests/config-schema.ts";
export { EnvironmentSchema } from "./requests/environment-schema.ts";
export { FilterDocumentSchema, parseFilterDocument } from "./requests/filter-document.ts";
export type { FilterDocument } from "./requests/filter-document.ts";
export { RequestsDocumentSchema, parseRequests } from "./requests/request-document.ts";
export type { CaseExpectations, RequestCase, RequestsDocument } from "./requests/request-document.ts";
export type { CalloutDocument as CalloutEntry } from "./requests/callout-document.ts";
export { calloutScript } from "./requests/callout-script.ts";
export { runRequests, specOf as defaultSpec } from "./requests/run-requests.ts";
export type { CaseOutcome, CaseReport, RequestsReport, RunOptions } from "./requests/run-requests.ts";
export { RecordedExchange } from "./requests/recorded-exchange.ts";
export type { RecordedMessage, RecordedMirror } from "./requests/recorded-exchange.ts";
export { failedExpectations } from "./requests/expectations.ts";
export { pluginConfigBytes } from "./requests/plugin-config.ts";
export { ModuleTrials, tryModule } from "./trial/trial.ts";
export type { TrialBounds } from "./trial/trial-child.ts";
export type { TrialCase, TrialFile, TrialInput, TrialReport } from "./trial/trial-report.ts";
