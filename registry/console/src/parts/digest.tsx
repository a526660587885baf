import type { JSX } from "preact";

import { shortDigest } from "./figures.ts";

/** A digest shortened for people; the whole of it on hover and when copied by a click. */
export function Digest({ digest }: { digest: string }): JSX.Element {
  return (
    <button
      type="button"
      class="digest"
      title={`${digest} – click to copy`}
      onClick={() => void navigator.clipboard?.writeText(digest)}
    >
      {shortDigest(digest)}
    </button>
  );
}
