// Every enum of proxy-wasm 0.1.0 to 0.2.1 and of the policy extension. Host code uses the constants; the SDK's and the
// reference page's copies are generated from ENUMS.
import type { EnumRow } from "./row.ts";

export const Status = {
  Ok: 0,
  NotFound: 1,
  BadArgument: 2,
  SerializationFailure: 3,
  ParseFailure: 4,
  BadExpression: 5,
  InvalidMemoryAccess: 6,
  Empty: 7,
  CasMismatch: 8,
  ResultMismatch: 9,
  InternalFailure: 10,
  BrokenConnection: 11,
  Unimplemented: 12,
} as const;

export const LogLevel = { Trace: 0, Debug: 1, Info: 2, Warn: 3, Error: 4, Critical: 5 } as const;

export const Action = { Continue: 0, Pause: 1 } as const;

export const HeadersStatus = {
  Continue: 0,
  StopIteration: 1,
  ContinueAndEndStream: 2,
  StopAllIterationAndBuffer: 3,
  StopAllIterationAndWatermark: 4,
} as const;

export const DataStatus = {
  Continue: 0,
  StopIterationAndBuffer: 1,
  StopIterationAndWatermark: 2,
  StopIterationNoBuffer: 3,
} as const;

export const TrailersStatus = { Continue: 0, StopIteration: 1 } as const;

export const MetadataStatus = { Continue: 0 } as const;

export const MapType = {
  HttpRequestHeaders: 0,
  HttpRequestTrailers: 1,
  HttpResponseHeaders: 2,
  HttpResponseTrailers: 3,
  GrpcReceiveInitialMetadata: 4,
  GrpcReceiveTrailingMetadata: 5,
  HttpCallResponseHeaders: 6,
  HttpCallResponseTrailers: 7,
} as const;

export const BufferType = {
  HttpRequestBody: 0,
  HttpResponseBody: 1,
  DownstreamData: 2,
  UpstreamData: 3,
  HttpCallResponseBody: 4,
  GrpcReceiveBuffer: 5,
  VmConfiguration: 6,
  PluginConfiguration: 7,
  CallData: 8,
} as const;

export const BufferFlags = { EndOfStream: 1 } as const;

export const StreamType = { Request: 0, Response: 1, Downstream: 2, Upstream: 3 } as const;

export const PeerType = { Unknown: 0, Local: 1, Remote: 2 } as const;

export const MetricType = { Counter: 0, Gauge: 1, Histogram: 2 } as const;

export const GrpcStatus = {
  Ok: 0,
  Canceled: 1,
  Unknown: 2,
  InvalidArgument: 3,
  DeadlineExceeded: 4,
  NotFound: 5,
  AlreadyExists: 6,
  PermissionDenied: 7,
  ResourceExhausted: 8,
  FailedPrecondition: 9,
  Aborted: 10,
  OutOfRange: 11,
  Unimplemented: 12,
  Internal: 13,
  Unavailable: 14,
  DataLoss: 15,
  Unauthenticated: 16,
} as const;

export const CheckKind = { NoOpinion: 0, Allow: 1, Deny: 2, Error: 3, Pending: 4 } as const;

export const MatcherKind = { Exact: 0, Prefix: 1, Suffix: 2, Cidr: 3 } as const;

export const QuotaFlags = { BestEffort: 1, Peek: 2 } as const;

export const MirrorFlags = { KeepCredentials: 1, Compare: 2, WithoutBody: 4 } as const;

export const ReportType = { String: 0, Int: 1, Bool: 2, Double: 3, Bytes: 4 } as const;

/** The WASI errnos that our table answers. */
export const Errno = {
  Success: 0,
  Badf: 8,
  Fault: 21,
  Inval: 28,
  Noent: 44,
  Nosys: 52,
  Notdir: 20,
  Notsup: 58,
  Notcapable: 76,
} as const;

export const ENUMS: readonly EnumRow[] = [
  {
    name: "Status",
    values: Status,
    prose: "What a hostcall answers. 5, 9 and 11 are in the C++ headers only; we never send them.",
  },
  { name: "LogLevel", values: LogLevel, prose: "Severity of a log line." },
  {
    name: "Action",
    values: Action,
    prose: "What a callback of a connection returns, and what most SDKs return everywhere.",
  },
  {
    name: "HeadersStatus",
    values: HeadersStatus,
    prose: "What a headers callback returns. 1 is taken as 4: all iteration stops.",
  },
  { name: "DataStatus", values: DataStatus, prose: "What a body callback returns." },
  { name: "TrailersStatus", values: TrailersStatus, prose: "What a trailers callback returns." },
  { name: "MetadataStatus", values: MetadataStatus, prose: "What a metadata callback returns." },
  { name: "MapType", values: MapType, prose: "Which header map a hostcall means." },
  { name: "BufferType", values: BufferType, prose: "Which buffer a hostcall means." },
  { name: "BufferFlags", values: BufferFlags, prose: "Flags of a buffer; never set in practice." },
  { name: "StreamType", values: StreamType, prose: "Which half of which stream to continue or close." },
  { name: "PeerType", values: PeerType, prose: "Who closed a connection." },
  { name: "MetricType", values: MetricType, prose: "Kind of a metric." },
  {
    name: "GrpcStatus",
    values: GrpcStatus,
    prose: "gRPC status; -1 means none. The codes of google.rpc, which policy_set_verdict takes, are the same.",
  },
  {
    name: "CheckKind",
    values: CheckKind,
    prose: "What policy_on_check returns. Pending: a callout is out, policy_complete_check ends it.",
  },
  {
    name: "MatcherKind",
    values: MatcherKind,
    prose: "How the entries of a matcher are compared; among prefixes the longest wins.",
  },
  {
    name: "MirrorFlags",
    values: MirrorFlags,
    prose: "What policy_mirror copies, and whether the answers are compared in the record.",
  },
  {
    name: "QuotaFlags",
    values: QuotaFlags,
    prose:
      "How policy_quota is asked: a part of the amount is acceptable; nothing is taken. Both together tell what is left.",
  },
  {
    name: "ReportType",
    values: ReportType,
    prose: "Encoding of a value given to policy_report: as properties are encoded.",
  },
];
