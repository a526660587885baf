// The contract between registry and proxy: documents, digests and protocol. No I/O.

export {
  API_VERSION,
  DeploymentSchema,
  FAILURE_CAUSES,
  PHASES,
  deploymentWarnings,
  isTarget,
  parseDeployment,
  sortedSlots,
} from "./deployment.ts";
export type { Deployment, DeploymentReading, FailureCause, Phase, Revision, Slot } from "./deployment.ts";
export { filterLimits, grantedCapabilities, settleSlot } from "./settled-slot.ts";
export type { SettledSlot } from "./settled-slot.ts";
export {
  FORCED_REVISION_HEADER,
  REVISION_DIGITS_MIN,
  parseSplitSecret,
  signForcedRevision,
} from "./forced-revision.ts";
export { ownRevisions } from "./per-route.ts";
export { revisionDigest, sha256 } from "./revision-digest.ts";
export { settleLimits } from "./limits-section.ts";
export type { OverloadLimitsConfig, StreamLimitsConfig } from "./limits-section.ts";
export { parseAddressRange } from "./trusted-proxies.ts";
export type { AddressRange } from "./trusted-proxies.ts";
export { MachineSchema, parseMachine } from "./machine.ts";
export { CLUSTER_DEFAULTS } from "./cluster.ts";
export type { ClusterConfig, DnsConfig, HashOn, HealthCheckConfig, OutlierConfig } from "./cluster.ts";
export type { Machine, SinkConfig, TracingConfig } from "./machine.ts";
export type {
  DirectConfig,
  HeaderChangesConfig,
  HeaderMatchConfig,
  RedirectConfig,
  RetryConfig,
  RewriteConfig,
  RouteConfig,
  WeightedClusterConfig,
} from "./route.ts";
export {
  MEDIA_TYPE,
  ManifestSchema,
  MirrorCountersSchema,
  PROTOCOL_VERSION,
  ProxyCountersSchema,
  ProxyStatusSchema,
  RevisionCountersSchema,
  WATCH_HEARTBEAT_MS,
} from "./protocol.ts";
export type { Manifest, MirrorCounters, ProxyCounters, ProxyStatus, RevisionCounters, WatchEvent } from "./protocol.ts";
export {
  TailFilterSchema,
  TailLeaseSchema,
  TailPostSchema,
  matchesTail,
  tailFilterOf,
  tailNeedles,
  tailQuery,
} from "./tail-filter.ts";
export type { TailFilter, TailLease, TailPost, TailedRecord } from "./tail-filter.ts";
export { EventStreamParser } from "./event-stream-parser.ts";
export type { ServerSentEvent } from "./event-stream-parser.ts";
export { overrideSentence } from "./override.ts";
export type { Override, OverrideEvent, OverrideKind } from "./override.ts";
export { AddressSchema } from "./address-schema.ts";
export { formatAddress, isLoopback, parseAddress } from "./address.ts";
export type { Address } from "./address.ts";
export {
  DIGEST_PATTERN,
  DigestSchema,
  NAME_DESCRIPTION,
  NAME_PATTERN,
  NameSchema,
  TAG_DESCRIPTION,
  TAG_PATTERN,
  TagSchema,
  isDigest,
  isName,
  isTag,
} from "./names.ts";
export type { Digest } from "./names.ts";
export { DurationSchema, SIZE_DESCRIPTION, SIZE_PATTERN, SizeSchema, durationMs, sizeBytes } from "@sluice/abi";
export {
  DEPLOYMENT_SLOTS_MAX,
  FILTER_DEPTH_DEFAULT,
  FILTER_FUEL_DEFAULT,
  FILTER_MEMORY_BYTES_DEFAULT,
} from "./limits.ts";
