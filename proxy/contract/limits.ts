// Bounds of what a deployment and a machine document may say.

export const DEPLOYMENT_SLOTS_MAX = 31;
export const SLOT_REVISIONS_MAX = 16;
/** Revisions of all slots: half of what can be counted apart, so that those before keep their counts beside them. */
export const DEPLOYMENT_REVISIONS_MAX = 128;
/** Entries of a slot's perRoute. */
export const PER_ROUTE_MAX = 64;
export const ROUTES_MAX = 4096;
export const CLUSTERS_MAX = 1024;
export const CLUSTER_ENDPOINTS_MAX = 256;
export const ENDPOINT_WEIGHT_MAX = 128;
/** Of one worker: what a cluster may have without a word, and the most it may ask for. */
export const CLUSTER_CONNECTIONS_DEFAULT = 4_096;
export const CLUSTER_PENDING_DEFAULT = 1_024;
export const CLUSTER_REQUESTS_MAX = 1_000_000;
export const NAME_SERVERS_MAX = 8;
export const LISTENERS_MAX = 16;
export const SINKS_MAX = 16;
/** What `limits` may ask for: a process has no more descriptors than that. */
export const CONNECTIONS_MAX = 1_000_000;
export const CONNECTION_REQUESTS_MAX = 1_000_000_000;
export const WORKERS_MAX = 128;
export const LABELS_MAX = 32;
/** Characters of a label's value, of `why` and of other free words. */
export const FREE_TEXT_CHARS_MAX = 1024;
/** Bytes of one filter instance's memory: what a slot gets without a word, and the most it may ask for. */
export const FILTER_MEMORY_BYTES_DEFAULT = 16 * 1024 ** 2;
export const FILTER_MEMORY_BYTES_MAX = 1024 ** 3;
/** Instructions one callback may spend. */
export const FILTER_FUEL_DEFAULT = 5_000_000;
export const FILTER_FUEL_MAX = 1_000_000_000;
/** Nested calls inside a filter. */
export const FILTER_DEPTH_DEFAULT = 1_024;
/** Overrides in force on one proxy: one a slot, also for slots that a later deployment took away. */
export const OVERRIDES_MAX = 64;
/** Events of overrides in one status; more wait for the next. */
export const OVERRIDE_EVENTS_POSTED_MAX = 32;
/** Clusters that one route divides its requests among. */
export const WEIGHTED_CLUSTERS_MAX = 16;
/** Characters of a path in a route, of a regular expression over paths, and of a header value that a route sets. */
export const PATH_CHARS_MAX = 1024;
export const PATTERN_CHARS_MAX = 1024;
export const HEADER_VALUE_CHARS_MAX = 4096;
/** Fields that one list of a route's header changes may name. */
export const HEADER_CHANGES_MAX = 64;
/** A direct response's body written in the document, and one read from a file. */
export const DIRECT_BODY_CHARS_MAX = 16 * 1024;
export const DIRECT_FILE_BYTES_MAX = 1024 ** 2;
export const RETRY_ATTEMPTS_MAX = 10;
/** Content kept per request to be sent again. */
export const RETRY_BODY_BYTES_DEFAULT = 64 * 1024;
export const RETRY_BODY_BYTES_MAX = 1024 ** 2;
export const RETRY_BUDGET_PERCENT_DEFAULT = 20;
/** Statuses that one tail may ask for. */
export const TAIL_STATUSES_MAX = 16;
/** A proxy goes on with a tail that the registry does not renew for at most so long. */
export const TAIL_LEASE_MS_MAX = 300_000;
/** Records of one post for a tail, and characters of each. */
export const TAIL_POST_LINES_MAX = 256;
export const TAIL_LINE_CHARS_MAX = 128 * 1024;
/** Ranges of addresses whose word about earlier hops is kept. */
export const TRUSTED_PROXIES_MAX = 256;
