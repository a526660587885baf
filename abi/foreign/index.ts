// The functions that every embedding has; it may add its own. `sluice.*`, the policy hostcalls, is not among them: those are
// the host's (policy-functions.ts).

import { compress, uncompress } from "./compression.ts";
import type { ForeignFunction, ForeignFunctions } from "./foreign-function.ts";
import { sign, verifySignature } from "./signatures.ts";
import { clearRouteCache, declareProperty, setEnvoyFilterState } from "./stream-state.ts";

/** Envoy's, as far as they can be served as Envoy does. */
export const BUILT_IN_FUNCTIONS: Readonly<Record<string, ForeignFunction>> = {
  clear_route_cache: clearRouteCache,
  compress,
  declare_property: declareProperty,
  set_envoy_filter_state: setEnvoyFilterState,
  sign,
  uncompress,
  verify_signature: verifySignature,
};

/** The built-in functions and `own`, which win. */
export function foreignFunctions(own: Readonly<Record<string, ForeignFunction>> = {}): ForeignFunctions {
  const functions = new Map(Object.entries({ ...BUILT_IN_FUNCTIONS, ...own }));
  return { find: (name) => functions.get(name) ?? null };
}
