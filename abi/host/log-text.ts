// Text that guests make, on its way to terminals, pages and log lines: whatever the bytes, what comes out is valid
// Unicode on one line, so that a filter (or the client whose header it logs) cannot forge lines or move the cursor.

import { LOG_LINE_BYTES_MAX } from "./limits.ts";

const lossyUtf8 = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

// Control characters of C0 and C1, the line and paragraph separators, and what reverses the reading direction.
// oxlint-disable-next-line no-control-regex
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
// oxlint-disable-next-line no-control-regex
const UNSAFE_ONCE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

const SHORT_ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** At most `bytesMax` bytes of lossy UTF-8 with everything unsafe to print escaped. */
export function printable(bytes: Uint8Array, bytesMax = LOG_LINE_BYTES_MAX): string {
  const kept = bytes.length > bytesMax ? bytes.subarray(0, bytesMax) : bytes;
  const text = escapeControls(lossyUtf8.decode(kept));
  return bytes.length > bytesMax ? `${text}… (${bytes.length} bytes)` : text;
}

/** The same for text that is a string already, which may hold halves of characters. */
export function escapeControls(text: string): string {
  const whole = text.toWellFormed();
  if (!UNSAFE_ONCE.test(whole)) return whole;
  return whole.replace(
    UNSAFE,
    (char) => SHORT_ESCAPES[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
