// The policy extension, version 1: what a filter exports and imports to take part in check, quota and report. A module
// says so by exporting POLICY_MARKER; one with none of this is an ordinary proxy-wasm filter.
import { ANY, ARRIVALS, CHECK, CONNECTION, REPORT, REQUEST, RESPONSE } from "./callbacks.ts";
import { ABI_VERSIONS, type CallbackRow, type HostcallRow } from "./row.ts";

/** Exported by a module that knows the extension. */
export const POLICY_MARKER = "sluice_policy_abi_version_1";

/** The import module of the extension's hostcalls. */
export const POLICY_MODULE = "sluice";

const STREAM = [
  ...ARRIVALS,
  ...CONNECTION,
  ...CHECK,
  ...REQUEST,
  ...RESPONSE,
  ...REPORT,
  "proxy_on_done",
  "proxy_on_log",
];
// A pending check is decided in the callback that brings the callout's answer.
const DECIDES = [...CHECK, ...ARRIVALS];

export const POLICY_CALLBACKS: readonly CallbackRow[] = [
  {
    name: "policy_on_check",
    module: "sluice",
    versions: ABI_VERSIONS,
    params: ["contextId"],
    result: "CheckKind",
    context: "stream",
    prose: "The check of this slot, before its request-headers callback and before a byte goes upstream.",
  },
  {
    name: "policy_on_report",
    module: "sluice",
    versions: ABI_VERSIONS,
    params: ["contextId"],
    result: null,
    context: "stream",
    prose: "The stream has ended: add to its record. Comes before proxy_on_log.",
  },
];

export const POLICY_HOSTCALLS: readonly HostcallRow[] = [
  {
    name: "policy_set_verdict",
    module: "sluice",
    versions: ABI_VERSIONS,
    params: [
      { name: "code", type: "u32", enum: "GrpcStatus" },
      { name: "reason", type: "bytes" },
    ],
    result: "status",
    statuses: ["Ok", "BadArgument", "InvalidMemoryAccess"],
    callbacks: DECIDES,
    family: "policy",
    effect: "replayable",
    prose: "The code (7, PERMISSION_DENIED, when never called) and a short machine-readable reason of the verdict.",
  },
  {
    name: "policy_set_response",
    module: "sluice",
    versions: ABI_VERSIONS,
    params: [
      { name: "statusCode", type: "u32" },
      { name: "headers", type: "pairs" },
      { name: "body", type: "bytes" },
    ],
    result: "status",
    statuses: ["Ok", "BadArgument", "InvalidMemoryAccess"],
    callbacks: DECIDES,
    family: "policy",
    effect: "replayable",
    prose: "The direct response of a deny; without it one is made from the code.",
  },
  {
    name: "policy_attribute",
    module: "sluice",
    versions: ABI_VERSIONS,
    params: [
      { name: "attributeName", type: "bytes" },
      { name: "attributeId", type: "outU32" },
    ],
    result: "status",
    statuses: ["Ok", "NotFound", "InvalidMemoryAccess"],
    callbacks: ANY,
    family: "policy",
    effect: "tracked",
    prose: "Resolves an attribute, or one key of a map such as `request.headers[x-role]`, to an id.",
  },
  {
    name: "policy_get",
    module: "sluice",
    versions: ABI_VERSIONS,
    params: [
      { name: "attributeId", type: "u32" },
      { name: "value", type: "outBytes" },
    ],
    result: "status",
    statuses: ["Ok", "NotFound", "BadArgument", "InvalidMemoryAccess"],
    callbacks: STREAM,
    family: "policy",
    effect: "tracked",
    prose: "The attribute's value, encoded as a property. NotFound is absent, not empty; of several values the first.",
  },
  {
    name: "policy_get_values",
    module: "sluice",
    versions: ABI_VERSIONS,
    params: [
      { name: "attributeId", type: "u32" },
      { name: "values", type: "outBytes" },
    ],
    result: "status",
    statuses: ["Ok", "NotFound", "BadArgument", "InvalidMemoryAccess"],
    callbacks: STREAM,
    family: "policy",
    effect: "tracked",
    prose: "All values of a multi-valued attribute: pairs whose keys are the values.",
  },
  {
    name: "policy_get_i64",
    module: "sluice",
    versions: ABI_VERSIONS,
    params: [
      { name: "attributeId", type: "u32" },
      { name: "value", type: "outI64" },
    ],
    result: "status",
    statuses: ["Ok", "NotFound", "BadArgument", "InvalidMemoryAccess"],
    callbacks: STREAM,
    family: "policy",
    effect: "tracked",
    prose: "A scalar attribute without a copy: int, bool (0 or 1), timestamp or duration. BadArgument for other types.",
  },
  {
    name: "policy_matcher",
    module: "sluice",
    versions: ABI_VERSIONS,
    params: [
      { name: "matcherKind", type: "u32", enum: "MatcherKind" },
      { name: "table", type: "pairs" },
      { name: "matcherId", type: "outU32" },
    ],
    result: "status",
    statuses: ["Ok", "BadArgument", "InvalidMemoryAccess"],
    callbacks: ["proxy_on_configure"],
    family: "policy",
    effect: "forbidden",
    prose:
      "Prepares a table at configure: pairs of a string and its class in decimal, from 1 on. No string twice. An address may be a network of its own.",
  },
  {
    name: "policy_match",
    module: "sluice",
    versions: ABI_VERSIONS,
    params: [
      { name: "matcherId", type: "u32" },
      { name: "attributeId", type: "u32" },
      { name: "class", type: "outU32" },
    ],
    result: "status",
    statuses: ["Ok", "BadArgument", "InvalidMemoryAccess"],
    callbacks: STREAM,
    family: "policy",
    effect: "tracked",
    prose:
      "Class of the attribute's value: 0 no entry, -1 absent, -2 several values. The verdict depends on the class only.",
  },
  {
    name: "policy_quota",
    module: "sluice",
    versions: ABI_VERSIONS,
    params: [
      { name: "quotaName", type: "bytes" },
      { name: "key", type: "bytes" },
      { name: "amount", type: "u32" },
      { name: "flags", type: "u32" },
      { name: "granted", type: "outU32" },
      { name: "retryAfter", type: "outU32" },
    ],
    result: "status",
    statuses: ["Ok", "NotFound", "BadArgument", "InvalidMemoryAccess"],
    callbacks: [...CHECK, ...REQUEST],
    family: "policy",
    effect: "impure",
    prose:
      "Reserves an amount of a quota; `flags` are the bits of QuotaFlags. What is not granted may be asked for again after `retryAfter` milliseconds.",
  },
  {
    name: "policy_report",
    module: "sluice",
    versions: ABI_VERSIONS,
    params: [
      { name: "key", type: "bytes" },
      { name: "valueType", type: "u32", enum: "ReportType" },
      { name: "value", type: "bytes" },
    ],
    result: "status",
    statuses: ["Ok", "BadArgument", "InvalidMemoryAccess"],
    callbacks: [...ARRIVALS, ...CONNECTION, ...CHECK, ...REQUEST, ...RESPONSE, ...REPORT],
    family: "policy",
    effect: "replayable",
    prose: "Adds a value to the stream's record, under this slot's name.",
  },
  {
    name: "policy_mirror",
    module: "sluice",
    versions: ABI_VERSIONS,
    params: [
      { name: "cluster", type: "bytes" },
      { name: "flags", type: "u32" },
    ],
    result: "status",
    statuses: ["Ok", "NotFound", "BadArgument", "InvalidMemoryAccess"],
    callbacks: [...CHECK, ...REQUEST],
    family: "callout",
    effect: "impure",
    prose:
      "Copies this request to a cluster once it goes upstream itself; nobody waits for the answer. Flags: 1 keep credentials, 2 compare, 4 without body. NotFound: no such cluster.",
  },
  {
    name: "policy_complete_check",
    module: "sluice",
    versions: ABI_VERSIONS,
    params: [{ name: "kind", type: "u32", enum: "CheckKind" }],
    result: "status",
    statuses: ["Ok", "NotFound", "BadArgument"],
    callbacks: ARRIVALS,
    family: "policy",
    effect: "forbidden",
    prose: "Ends the pending check of the effective stream.",
  },
];
