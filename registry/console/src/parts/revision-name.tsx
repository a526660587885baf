import type { JSX } from "preact";

import type { Revision } from "../api.ts";
import { colourOf } from "../revision-colour.ts";
import { shortDigest } from "./figures.ts";

/** The mark of a revision: its colour in its slot. */
export function Swatch({ slot, revision }: { slot: string; revision: string }): JSX.Element {
  return <i class={`swatch revision-${colourOf(slot, revision)}`} aria-hidden="true" />;
}

/** `rbac@v2`, or with the version's digest when it has no tag. */
export function revisionText({ filter, tag, version = "" }: Revision): string {
  return `${filter}@${tag ?? shortDigest(version)}`;
}
