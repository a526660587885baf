// The callbacks of a plugin as bits, so that a chain can ask "who wants this phase?" with one AND. The engine's slots,
// the masks of a snapshot and `Plugin.phases` all mean these bits.

/** One bit per callback that a stream may ask for. */
export const PHASE = {
  check: 1 << 0,
  requestHeaders: 1 << 1,
  requestBody: 1 << 2,
  requestTrailers: 1 << 3,
  responseHeaders: 1 << 4,
  responseBody: 1 << 5,
  responseTrailers: 1 << 6,
  report: 1 << 7,
  log: 1 << 8,
  done: 1 << 9,
  delete: 1 << 10,
  contextCreate: 1 << 11,
} as const;

/** Phases that decide or change a message; a stream *needs* a slot while one of these is still to come. */
export const MESSAGE_PHASES =
  PHASE.check |
  PHASE.requestHeaders |
  PHASE.requestBody |
  PHASE.requestTrailers |
  PHASE.responseHeaders |
  PHASE.responseBody |
  PHASE.responseTrailers;

/** The export behind each bit, as the guest spells it. */
export const PHASE_EXPORTS: readonly (readonly [bit: number, exportName: string])[] = [
  [PHASE.check, "policy_on_check"],
  [PHASE.requestHeaders, "proxy_on_request_headers"],
  [PHASE.requestBody, "proxy_on_request_body"],
  [PHASE.requestTrailers, "proxy_on_request_trailers"],
  [PHASE.responseHeaders, "proxy_on_response_headers"],
  [PHASE.responseBody, "proxy_on_response_body"],
  [PHASE.responseTrailers, "proxy_on_response_trailers"],
  [PHASE.report, "policy_on_report"],
  [PHASE.log, "proxy_on_log"],
  [PHASE.done, "proxy_on_done"],
  [PHASE.delete, "proxy_on_delete"],
  [PHASE.contextCreate, "proxy_on_context_create"],
];
