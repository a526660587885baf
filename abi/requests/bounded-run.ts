// Runs code whose cost somebody else chose (an author's schema, a configuration under it) with an end to its time.

import { createContext, runInContext } from "node:vm";

/** What `work` returns, or null when it was stopped after `timeMs`. The process stays whole either way. */
export function runBounded<T>(work: () => T, timeMs: number): { readonly result: T } | null {
  // A vm timeout stops everything that runs beneath the call, generated validators and regular expressions included.
  // It is used for that alone: nothing foreign is given a context to run in.
  const context = createContext({ work });
  try {
    return { result: runInContext("work()", context, { timeout: timeMs }) as T };
  } catch (error) {
    if ((error as { code?: string }).code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return null;
    throw error;
  }
}
