// HOT: bench abi.
// Moments that a hostcall may not be made at, where the context alone does not tell. They are the groups of `callbacks` in the
// specification's rows; the context matrix in test/conformance compares.

import type { Caller } from "./caller.ts";

const CREATE = "proxy_on_context_create";
const LIFE: readonly string[] = [CREATE, "proxy_on_vm_start", "proxy_on_configure"];
const END: readonly string[] = ["proxy_on_log", "proxy_on_done", "proxy_on_delete"];
const NOT_STEERING: ReadonlySet<string> = new Set([...LIFE, ...END, "policy_on_report"]);
/** A connection has no message, and so nothing to answer. */
const NOT_ANSWERING: ReadonlySet<string> = new Set([
  ...NOT_STEERING,
  "proxy_on_new_connection",
  "proxy_on_downstream_data",
  "proxy_on_downstream_connection_close",
  "proxy_on_upstream_data",
  "proxy_on_upstream_connection_close",
]);
const NOT_WRITING_BODIES: ReadonlySet<string> = new Set([...NOT_STEERING, "policy_on_check"]);
const BEFORE_THE_ANSWER: ReadonlySet<string> = new Set([
  "policy_on_check",
  "proxy_on_request_headers",
  "proxy_on_request_body",
  "proxy_on_request_trailers",
]);
const NOT_REPORTING: ReadonlySet<string> = new Set([...LIFE, ...END]);

/** In a check nothing may be done whose verdict, kept and given again, would not do it again. */
export function isChecking(guest: Caller): boolean {
  return guest.callback === "policy_on_check";
}

export function isConfiguring(guest: Caller): boolean {
  return guest.callback === "proxy_on_configure";
}

/** While a stream's context is made its message is not the guest's yet. */
export function isCreating(guest: Caller): boolean {
  return guest.callback === CREATE;
}

/** May a body be changed from here? */
export function mayWriteBody(guest: Caller): boolean {
  return !NOT_WRITING_BODIES.has(guest.callback!);
}

/** May streams be continued or closed from here? */
export function maySteer(guest: Caller): boolean {
  return !NOT_STEERING.has(guest.callback!);
}

/** May a message be answered from here? */
export function mayAnswer(guest: Caller): boolean {
  return !NOT_ANSWERING.has(guest.callback!);
}

/** A copy of a request can be asked for while the request is on its way. */
export function mayMirror(guest: Caller): boolean {
  return BEFORE_THE_ANSWER.has(guest.callback!);
}

/** Something can be taken out of a quota while the request is on its way. */
export function mayReserve(guest: Caller): boolean {
  return BEFORE_THE_ANSWER.has(guest.callback!);
}

/** May something be added to the record from here? */
export function mayReport(guest: Caller): boolean {
  return !NOT_REPORTING.has(guest.callback!);
}
