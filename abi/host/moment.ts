// Moments that a hostcall may not be made at, where the context alone does not tell.

import type { Caller } from "./caller.ts";

/** In a check nothing may be done whose verdict, kept and given again, would not do it again. */
export function isChecking(guest: Caller): boolean {
  return guest.callback === "policy_on_check";
}

export function isConfiguring(guest: Caller): boolean {
  return guest.callback === "proxy_on_configure";
}
