// The headers a filter gives with a reply of its own (local response, direct response of a deny).

import { Head } from "../head/head.ts";
import { isPseudo, isToken, isValue } from "./header-syntax.ts";
import { decodePairs } from "./pairs.ts";

// The host frames the reply itself; a length that disagrees with the body would let a client read the next reply wrong.
const FRAMING = new Set(["content-length", "transfer-encoding", "connection"]);

/** A head that owns its bytes; pseudo headers and framing fields are left out. null: malformed, or a field no message may carry. */
export function replyHeaders(bytes: Uint8Array): Head | null {
  const pairs = decodePairs(bytes);
  if (pairs === null) return null;
  const head = new Head();
  for (const { name, value } of pairs) {
    if (isPseudo(name)) continue;
    if (!isToken(name) || !isValue(value)) return null;
    if (!FRAMING.has(Buffer.from(name).toString("latin1").toLowerCase())) head.append(name, value);
  }
  return head;
}

/** Statuses a filter may answer with: 1xx are not replies, and three digits is all a status line takes. */
export function isReplyStatus(status: number): boolean {
  return status >= 200 && status <= 599;
}
