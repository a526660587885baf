// Replies that the proxy makes itself, without a filter: made once per status and sentence, then only read.

import type { Head } from "@sluice/abi";
import { headOf } from "@sluice/abi/data-path";
import { RETRY_AFTER_S } from "./limits.ts";

export interface LocalReply {
  readonly head: Head;
  readonly body: Uint8Array;
}

const replies = new Map<string, LocalReply>();

/** `why` is one of few fixed sentences: it is never made from what a client sent. */
export function localReply(status: number, why: string): LocalReply {
  const key = `${status} ${why}`;
  const known = replies.get(key);
  if (known !== undefined) return known;
  const body = Buffer.from(`${why}\n`, "latin1");
  const fields: [string, string][] = [
    [":status", String(status)],
    ["content-type", "text/plain"],
    ["content-length", String(body.length)],
  ];
  if (status === 503) fields.push(["retry-after", String(RETRY_AFTER_S)]);
  const reply = { head: headOf(fields), body };
  replies.set(key, reply);
  return reply;
}

/** What a client is told whose request was refused before it was understood. */
export function refusalOf(status: number): string {
  return REFUSALS[status] ?? "The request was refused.";
}

const REFUSALS: Readonly<Record<number, string>> = {
  400: "The request is not valid HTTP.",
  408: "The request did not arrive in time.",
  413: "The request's content is too large.",
  414: "The request target is too long.",
  417: "The expectation cannot be met.",
  431: "The request's header fields are too many or too large.",
  501: "The request asks for something that is not implemented here.",
  504: "The stream took longer than it may.",
  505: "This HTTP version is not supported.",
};

// Why a stream failed, in the words that its client reads.

export const OVERDUE = "The upstream did not answer in time.";
export const BAD_REWRITE = "The route makes no valid path of this one.";
export const BAD_ANSWER = "The upstream's answer is not valid HTTP.";
export const BAD_EDIT = "A filter made a head that cannot be sent.";
export const NO_ENDPOINT = "The cluster has no endpoint that may be asked.";
export const TOO_MANY = "The cluster has as many requests as it may.";
export const CUTS = {
  UF: "The upstream cannot be reached.",
  UC: "The upstream closed the connection before it answered.",
  UPE: BAD_ANSWER,
  UO: "No connection to the upstream came free in time.",
  LR: BAD_EDIT,
} as const;
/** What it is answered with. */
export const CUT_STATUS = { UF: 503, UC: 502, UPE: 502, UO: 503, LR: 500 } as const;
