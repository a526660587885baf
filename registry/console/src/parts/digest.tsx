import type { JSX } from "preact";

/** A digest shortened for people; the whole of it on hover and when copied by a click. */
export function Digest({ digest }: { digest: string }): JSX.Element {
  return (
    <button
      type="button"
      class="digest"
      title={`${digest} – click to copy`}
      onClick={() => void navigator.clipboard?.writeText(digest)}
    >
      {digest.replace(/^sha256:/, "").slice(0, 12)}
    </button>
  );
}
