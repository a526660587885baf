// Whether what went out means what came in: two messages as llhttp reads them, but for what belongs to one hop.

import type { Message } from "./llhttp.ts";

const HOP = new Set([
  "connection",
  "keep-alive",
  "proxy",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "upgrade",
  "http2-settings",
  "transfer-encoding",
  "content-length",
]);
/** What this proxy alone says, and what it has answered itself. */
const OURS = new Set(["forwarded", "x-request-id", "expect", "host", "date"]);

type Fields = readonly (readonly [name: string, value: string])[];

/** The fields that must be the same on both sides, in order. */
export function endToEnd(message: Message): Fields {
  const nominated = new Set(
    message.fields
      .filter(([name]) => name === "connection")
      .flatMap(([, value]) => value.split(",").map((option) => option.trim().toLowerCase())),
  );
  return message.fields.filter(([name]) => !HOP.has(name) && !isOurs(name) && !nominated.has(name));
}

function isOurs(name: string): boolean {
  return OURS.has(name) || name.startsWith("x-forwarded-") || name.startsWith("x-sluice-");
}

export function valueOf(message: Message, name: string): string | null {
  return message.fields.find(([field]) => field === name)?.[1] ?? null;
}
