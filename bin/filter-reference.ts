// `rbac@v2` and `rbac@sha256:…` on the command line: a filter and which version of it.

import { SluiceError } from "@sluice/abi";
import { isName } from "@sluice/proxy/contract";
import { BIN_ERRORS } from "./errors.ts";

export interface FilterReference {
  readonly filter: string;
  /** A tag or a version's digest. */
  readonly reference: string;
}

/** Throws SLUICE-E5001 when the words cannot be one. */
export function parseFilterReference(words: string): FilterReference {
  const at = words.indexOf("@");
  const filter = words.slice(0, at);
  const reference = words.slice(at + 1);
  if (at < 0 || !isName(filter) || reference === "") {
    throw new SluiceError(BIN_ERRORS.usage, `"${words}" is not FILTER@TAG.`, {
      hint: "Write for example rbac@v2, or rbac@sha256:… for one version; `sluice list rbac` shows them.",
    });
  }
  return { filter, reference };
}
