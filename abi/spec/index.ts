// The specification's public face: the ABI as data. abi's own files import its files directly.
export { ANY, ARRIVALS, CALLBACKS, CONNECTION, END, LIFE, MOMENTS, REQUEST, RESPONSE } from "./callbacks.ts";
export {
  Action,
  BufferFlags,
  BufferType,
  CheckKind,
  DataStatus,
  ENUMS,
  Errno,
  GrpcStatus,
  HeadersStatus,
  LogLevel,
  MapType,
  MatcherKind,
  MetadataStatus,
  MetricType,
  MirrorFlags,
  QuotaFlags,
  PeerType,
  ReportType,
  Status,
  StreamType,
  TrailersStatus,
} from "./enums.ts";
export { HOSTCALLS } from "./hostcalls.ts";
export { POLICY_CALLBACKS, POLICY_HOSTCALLS, POLICY_MARKER, POLICY_MODULE } from "./policy.ts";
export {
  ABI_VERSIONS,
  CAPABILITY_FAMILIES,
  DEFAULT_CAPABILITIES,
  EFFECTS,
  wireParams,
  type AbiVersion,
  type CallbackRow,
  type CapabilityFamily,
  type Effect,
  type EnumRow,
  type HostcallRow,
  type Param,
  type ParamType,
  type WasiRow,
  type WasmType,
  type WireParam,
} from "./row.ts";
export { ENV_FUNCTIONS, WASI_FUNCTIONS, WASI_MODULES } from "./wasi.ts";
