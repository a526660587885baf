// Bounds of the registry: what one call, one peer or one document may cost.

const KIB = 1024;
const MIB = 1024 * KIB;

/** Bytes of one pushed module. */
export const MODULE_BYTES_MAX = 16 * MIB;
/** Bytes of a whole upload: module, filter document, source map, sample requests. */
export const UPLOAD_BYTES_MAX = 32 * MIB;
/** Sample request files of one upload. */
export const UPLOAD_REQUEST_FILES_MAX = 64;
/** Uploads held in memory at once; further ones are answered 503. */
export const UPLOADS_AT_ONCE_MAX = 8;
/** Trials run at once: each is a child process with its own heap. */
export const TRIALS_AT_ONCE_MAX = 2;
/** Bytes of all versions together, unless told otherwise. */
export const STORE_BYTES_MAX = 20 * 1024 * MIB;
/** Bytes that stay free on the disk: deployments and tables need them when uploads have filled the rest. */
export const FREE_BYTES_MIN = 128 * MIB;
/** Numbers of each deployment in charge whose versions are kept, so that a rollback finds them. */
export const ROLLBACK_NUMBERS_KEPT = 10;
/** Age at which an untagged version that nothing needs may be collected, unless told otherwise. */
export const UNNEEDED_AGE_MS = 30 * 24 * 60 * 60 * 1_000;
/** Bytes of a JSON or YAML request body. */
export const DOCUMENT_BODY_BYTES_MAX = MIB;

/** Bytes of tokens.json. */
export const TOKENS_FILE_BYTES_MAX = MIB;
/** Console sessions alive at once; the oldest gives way. */
export const SESSIONS_MAX = 1_000;
export const SESSION_LIFETIME_MS = 12 * 60 * 60 * 1_000;

/** Compiled schemas kept in memory. */
export const CONFIG_SCHEMAS_CACHED_MAX = 256;

/** Bytes that may wait for one slow subscriber of server-sent events before it is cut off. */
export const SUBSCRIBER_QUEUE_BYTES_MAX = 4 * MIB;
/** Open event streams, proxies and consoles each. */
export const SUBSCRIBERS_MAX = 1_000;
export const HEARTBEAT_MS = 10_000;
/** Proxies remembered; the one unheard of longest gives way. */
export const PROXIES_MAX = 10_000;
/** Time after which a proxy that is away is forgotten, so that one long gone cannot stand in a deployment's way. */
export const PROXY_KEPT_MS = 7 * 24 * 60 * 60 * 1_000;
/** Counter updates of one proxy passed on to event subscribers come at most this often. */
export const PROXY_EVENT_INTERVAL_MS = 1_000;

/** Events of overrides that are kept, and those shown with one page of history. */
export const OVERRIDE_EVENTS_KEPT_MAX = 10_000;
export const OVERRIDE_EVENTS_SHOWN_MAX = 500;

/** Tails open at once over all askers. */
export const TAILS_MAX = 64;
/** A proxy goes on with a tail for so long after it was last told to; it is told again well before. */
export const TAIL_LEASE_MS = 60_000;
export const TAIL_RENEW_MS = 5_000;
/** Bytes that may wait for a slow reader of a tail; what comes then is dropped, counted and told. */
export const TAIL_QUEUE_BYTES_MAX = MIB;
export const TAIL_NOTICE_MS = 1_000;

/** How long a signed choice of a revision counts: without a word, and at the most. */
export const FORCE_DEFAULT = "1h";
export const FORCE_MS_MAX = 7 * 24 * 3_600_000;
/** Entries of one page of history. */
export const HISTORY_PAGE_MAX = 100;
export const HISTORY_PAGE_DEFAULT = 50;
/** Differences listed between two deployments; more are counted. */
export const DIFFERENCES_MAX = 1_000;

/** Time a whole request may take to arrive. */
export const REQUEST_TIMEOUT_MS = 120_000;
export const CONNECTIONS_MAX = 4_096;
/** Time that open calls get to finish when the registry closes. */
export const CLOSE_GRACE_MS = 5_000;

/** Labels of one proxy, and the characters of a label's key or value. */
export const LABELS_MAX = 32;
export const LABEL_CHARS_MAX = 1_024;

/** Characters of one parameter in a path. */
export const PATH_PARAM_CHARS_MAX = 256;
