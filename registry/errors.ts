// The registry's refusals: one row per cause, with the HTTP status it travels under. Codes are never reused.

import type { ErrorRow } from "@sluice/abi";

/** A row that also says which HTTP status its refusal is answered with; null where it never leaves over HTTP. */
export interface RegistryErrorRow extends ErrorRow {
  readonly status: number | null;
}

export const REGISTRY_ERRORS = {
  tokenMissing: {
    code: "SLUICE-E3001",
    status: 401,
    meaning: "The call carries no token.",
    hint: "Send `Authorization: Bearer TOKEN`; the first start wrote one to admin.token in the state folder.",
  },
  tokenUnknown: {
    code: "SLUICE-E3002",
    status: 401,
    meaning: "The token or session is not known to this registry.",
    hint: "Check that the token belongs to this registry's tokens.json; a console session ends after twelve hours and when the registry restarts.",
  },
  roleLacks: {
    code: "SLUICE-E3003",
    status: 403,
    meaning: "The token's role may not do this.",
    hint: "Use a token of one of the roles named in the message.",
  },
  hostRefused: {
    code: "SLUICE-E3004",
    status: 403,
    meaning: "The Host header names a machine this registry does not answer for (a guard against DNS rebinding).",
    hint: "Call the registry by its address, or start it with that name among its allowed hosts.",
  },
  originRefused: {
    code: "SLUICE-E3005",
    status: 403,
    meaning: "The call comes from a page of another site.",
    hint: "Open the console from the registry itself; other programs must not send an Origin header.",
  },
  sessionHeaderMissing: {
    code: "SLUICE-E3006",
    status: 403,
    meaning: "A change made with the console's cookie lacks the header that other sites cannot send.",
    hint: "Send `x-sluice-console: 1` with every changing call, or use a bearer token.",
  },
  tokensUnreadable: {
    code: "SLUICE-E3007",
    status: null,
    meaning: "tokens.json in the state folder cannot be read.",
    hint: "Mend the file, or delete it: the next start makes new tokens.",
  },
  addressUnusable: {
    code: "SLUICE-E3010",
    status: null,
    meaning: "The registry cannot listen on its address.",
    hint: "End the program that holds the port, or choose another address with --address.",
  },
  stateInUse: {
    code: "SLUICE-E3011",
    status: null,
    meaning: "Another registry uses the same state folder.",
    hint: "End the other registry, or give this one its own folder with --state-dir.",
  },
  storeTooNew: {
    code: "SLUICE-E3012",
    status: null,
    meaning: "The store was written by a newer registry.",
    hint: "Start the newer registry; a store is never migrated backwards.",
  },
  storeUnusable: {
    code: "SLUICE-E3013",
    status: null,
    meaning: "The store in the state folder cannot be opened.",
    hint: "Check the folder's owner, its mode and the free space on its disk.",
  },
  routeUnknown: {
    code: "SLUICE-E3020",
    status: 404,
    meaning: "The registry has no such path.",
    hint: "See /v1/openapi.json for the paths and their methods.",
  },
  requestInvalid: {
    code: "SLUICE-E3021",
    status: 400,
    meaning: "The request's path, query, headers or body do not fit the call.",
    hint: "Compare with /v1/openapi.json; the message names the place.",
  },
  bodyTooLarge: {
    code: "SLUICE-E3022",
    status: 413,
    meaning: "The request's body is over its limit.",
    hint: "A module may have 16 MiB, an upload 32 MiB, a document 1 MiB.",
  },
  mediaTypeUnknown: {
    code: "SLUICE-E3023",
    status: 415,
    meaning: "The request's body is of a type this call does not take.",
    hint: "Push `application/wasm` or `multipart/form-data`; send documents as `application/json`.",
  },
  internal: {
    code: "SLUICE-E3024",
    status: 500,
    meaning: "The registry failed; nothing was changed.",
    hint: "See the registry's log for the cause, and report it.",
  },
  busy: {
    code: "SLUICE-E3025",
    status: 503,
    meaning: "Too many calls of this kind are under way.",
    hint: "Try again in a moment.",
  },
  storageFull: {
    code: "SLUICE-E3026",
    status: 507,
    meaning: "The disk of the registry's state folder is full; nothing was changed.",
    hint: "Make room on it; what is deployed and what runs is not touched.",
  },
  nameInvalid: {
    code: "SLUICE-E3030",
    status: 400,
    meaning: "The name of a filter, deployment or proxy is not allowed.",
    hint: "Use 1 to 63 of a-z, 0-9 and -, neither first nor last a dash.",
  },
  tagInvalid: {
    code: "SLUICE-E3031",
    status: 400,
    meaning: "The tag is not allowed.",
    hint: "Use 1 to 128 of letters, digits, `_`, `.` and `-`, not beginning with `.` or `-`.",
  },
  filterUnknown: {
    code: "SLUICE-E3032",
    status: 404,
    meaning: "The registry has no filter of this name.",
    hint: "Push a version of it first; GET /v1/filters lists what is there.",
  },
  versionUnknown: {
    code: "SLUICE-E3033",
    status: 404,
    meaning: "The filter has no version with this digest.",
    hint: "List its versions, or push the module first.",
  },
  blobUnknown: {
    code: "SLUICE-E3034",
    status: 404,
    meaning: "No version holds a blob with this digest.",
    hint: "Take digests from a version's manifest.",
  },
  tagUnknown: {
    code: "SLUICE-E3035",
    status: 404,
    meaning: "The filter has no such tag.",
    hint: "See its tags with `sluice list FILTER`.",
  },
  versionNeeded: {
    code: "SLUICE-E3036",
    status: 409,
    meaning: "A deployment still needs the version.",
    hint: "Deploy something else in its place first. Rollbacks need versions too: the last ten numbers of each deployment in charge keep theirs.",
  },
  storeFull: {
    code: "SLUICE-E3037",
    status: 507,
    meaning: "The registry holds as many bytes of versions as it may.",
    hint: "Remove what nothing needs with `sluice delete --unneeded`, or start the registry with a larger --store-max.",
  },
  uploadEmpty: {
    code: "SLUICE-E3040",
    status: 422,
    meaning: "The uploaded module has no bytes.",
    hint: "Build the filter first, then push its .wasm file.",
  },
  uploadIsText: {
    code: "SLUICE-E3041",
    status: 422,
    meaning: "The uploaded module is text, not WebAssembly.",
    hint: "Push the built .wasm file, not its source, its text form or its filter.yaml.",
  },
  uploadParts: {
    code: "SLUICE-E3042",
    status: 400,
    meaning: "The upload's parts are not those of a filter.",
    hint: "Send exactly one `module`, at most one `filter` and one `sourceMap`, and any `requests`.",
  },
  uploadBroken: {
    code: "SLUICE-E3043",
    status: 400,
    meaning: "The upload ended early or is not well-formed multipart.",
    hint: "Send it again.",
  },
  documentName: {
    code: "SLUICE-E3044",
    status: 422,
    meaning: "filter.yaml names another filter than the one pushed to.",
    hint: "Push under the document's name, or change the name in filter.yaml.",
  },
  checkMissing: {
    code: "SLUICE-E3045",
    status: 422,
    meaning: "The filter requires a check, but its module does not export policy_on_check.",
    hint: "Export the check from the module, or take `check` out of `requires` in filter.yaml if it never decided anything.",
  },
  configSchemaRefused: {
    code: "SLUICE-E3046",
    status: 422,
    meaning: "The configuration schema in filter.yaml cannot be used.",
    hint: "Use JSON Schema 2020-12 without remote references; patterns in RE2 syntax; at most 64 KiB.",
  },
  exampleMismatch: {
    code: "SLUICE-E3047",
    status: 422,
    meaning: "exampleConfig does not fit the filter's own configuration schema.",
    hint: "Mend the example or the schema in filter.yaml.",
  },
  deploymentUnknown: {
    code: "SLUICE-E3050",
    status: 404,
    meaning: "There is no such deployment, or not with this number.",
    hint: 'List deployments with GET /v1/deployments; the first is written with `If-Match: "0"`.',
  },
  ifMatchMissing: {
    code: "SLUICE-E3051",
    status: 428,
    meaning: "The write does not say which number of the deployment it builds on.",
    hint: 'Read the deployment, then send its ETag as If-Match; `"0"` for one that does not exist yet.',
  },
  deploymentStale: {
    code: "SLUICE-E3052",
    status: 412,
    meaning: "The deployment has changed since it was read.",
    hint: "Read it again, look at the difference, and repeat the change on top of it.",
  },
  deploymentRefused: {
    code: "SLUICE-E3053",
    status: 422,
    meaning: "The deployment was refused as a whole; the one in charge stays.",
    hint: "Mend every place the message names; nothing of the document was applied.",
  },
  targetsMeet: {
    code: "SLUICE-E3054",
    status: 409,
    meaning: "Two deployments would both apply to a known proxy.",
    hint: "Narrow `targets.matchLabels` of one of them.",
  },
  rollbackNowhere: {
    code: "SLUICE-E3055",
    status: 409,
    meaning: "The slot has no earlier entry to go back to.",
    hint: "See `sluice history` and name a number with `to` in which the slot looked as wanted. To take out a slot that was just added, write the deployment without it: `sluice deploy -f FILE`.",
  },
  deploymentNeeded: {
    code: "SLUICE-E3056",
    status: 409,
    meaning: "Known proxies still take this deployment.",
    hint: "Give them another one, by their labels or its targets, or wait until they are gone for a week.",
  },
  forceRefused: {
    code: "SLUICE-E3057",
    status: 409,
    meaning: "Requests cannot be let choose this revision.",
    hint: "Name a revision of a slot with a split by at least 8 digits; the split allows it with `force: true` (`sluice deploy … --allow-force`).",
  },
  protocolUnknown: {
    code: "SLUICE-E3060",
    status: 400,
    meaning: "The proxy speaks a protocol version this registry does not.",
    hint: "Registry N serves proxies N-1 and N: upgrade the registry first.",
  },
  restoreNotEmpty: {
    code: "SLUICE-E3070",
    status: 409,
    meaning: "The state folder already holds a registry.",
    hint: "Restore into an empty folder, or move the old one away: a restore never overwrites.",
  },
  backupDamaged: {
    code: "SLUICE-E3071",
    status: 422,
    meaning: "The backup is not whole, or not a registry's.",
    hint: "Take another backup; nothing of this one was put in place.",
  },
  tailUnknown: {
    code: "SLUICE-E3090",
    status: 404,
    meaning: "Nobody looks at the records that a proxy sent.",
    hint: "The proxy stops by itself; open a new tail with `sluice tail`.",
  },
} as const satisfies Readonly<Record<string, RegistryErrorRow>>;
