// What every page can reach: the store, and the dialogs by which one acts.

import { createContext } from "preact";
import { useContext } from "preact/hooks";

import type { Store } from "./store.ts";

/** A dialog and what it starts from. */
export type Dialog =
  | { readonly kind: "push"; readonly files: readonly File[] }
  | { readonly kind: "deploy"; readonly deployment: string; readonly slot: string | null; readonly from?: Candidate }
  | {
      readonly kind: "rollback";
      readonly deployment: string;
      readonly slot: string | null;
      readonly to: number | null;
    };

/** A version that somebody wants in charge. */
export interface Candidate {
  readonly filter: string;
  readonly version: string;
  readonly tag: string | null;
}

export interface ConsoleActions {
  readonly store: Store;
  readonly open: (dialog: Dialog) => void;
}

const context = createContext<ConsoleActions | null>(null);

export const ConsoleProvider = context.Provider;

export function useConsole(): ConsoleActions {
  const actions = useContext(context);
  if (actions === null) throw new Error("a page stands outside of the console");
  return actions;
}
