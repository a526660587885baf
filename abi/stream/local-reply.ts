// The response head of a reply that no upstream made, and when such a reply is still possible.

import { STATUS_CODES } from "node:http";
import { Head } from "../head/head.ts";

export type ReplyDecision = "send" | "reset" | "ignore";

/** Only before a response head was sent is there anything to answer with. After the end nobody waits. */
export function decideReply(isResponseHeadSent: boolean, isEnded: boolean): ReplyDecision {
  if (isEnded) return "ignore";
  return isResponseHeadSent ? "reset" : "send";
}

const STATUS_NAME = Buffer.from(":status");
const CONTENT_LENGTH = Buffer.from("content-length");
const CONTENT_TYPE = Buffer.from("content-type");
const TEXT_PLAIN = Buffer.from("text/plain");
const GRPC_TYPE = Buffer.from("application/grpc");
const GRPC_STATUS = Buffer.from("grpc-status");
const GRPC_MESSAGE = Buffer.from("grpc-message");

/** Fields a reply's maker may not set: the message's framing is the host's. */
const FRAMING = [CONTENT_LENGTH, Buffer.from("transfer-encoding"), Buffer.from("connection"), STATUS_NAME];

/** Fills `head` with a plain reply; `extra` fields are added, more than one of a name included. */
export function fillReply(head: Head, status: number, extra: Head | null, bodyBytes: number): void {
  head.reset(head.bytes.subarray(0, 0));
  head.append(STATUS_NAME, Buffer.from(String(status)));
  if (extra !== null) addFields(head, extra);
  if (bodyBytes > 0 && head.findName("content-type") < 0) head.append(CONTENT_TYPE, TEXT_PLAIN);
  if (mayHaveLength(status)) head.append(CONTENT_LENGTH, Buffer.from(String(bodyBytes)));
}

/** Fills `head` with a reply a gRPC client understands: no body, the status in the head ("trailers only"). */
export function fillGrpcReply(
  head: Head,
  status: number,
  extra: Head | null,
  grpcStatus: number,
  message: Uint8Array,
): void {
  head.reset(head.bytes.subarray(0, 0));
  head.append(STATUS_NAME, Buffer.from("200"));
  if (extra !== null) addFields(head, extra);
  head.replace(CONTENT_TYPE, GRPC_TYPE);
  head.append(GRPC_STATUS, Buffer.from(String(grpcStatus >= 0 ? grpcStatus : grpcStatusOf(status))));
  if (message.length > 0) head.append(GRPC_MESSAGE, Buffer.from(encodeURI(Buffer.from(message).toString("utf8"))));
}

/** Is the request a gRPC call, whose client cannot read a plain reply? */
export function isGrpc(request: Head): boolean {
  const type = request.get("content-type");
  return type !== null && /^application\/grpc($|[+;])/.test(type);
}

/** The body of a reply made from a status alone: its phrase, as other proxies do. */
export function phraseOf(status: number): string {
  return `${STATUS_CODES[status] ?? "Refused"}\n`;
}

function addFields(head: Head, extra: Head): void {
  for (let field = 0; field < extra.count; field++) {
    const start = extra.nameStart(field);
    const offset = start < 0 ? ~start : start;
    const name = extra.bufferOf(start).subarray(offset, offset + extra.nameLength(field));
    if (FRAMING.some((framing) => framing.equals(name))) continue;
    head.append(name, extra.value(field));
  }
}

/** 1xx, 204 and 304 have no content, and 204 may not say how long it would be. */
function mayHaveLength(status: number): boolean {
  return status >= 200 && status !== 204 && status !== 304;
}

/** As gRPC maps the status of a response that carries no grpc-status. */
function grpcStatusOf(status: number): number {
  switch (status) {
    case 400:
      return 13;
    case 401:
      return 16;
    case 403:
      return 7;
    case 404:
      return 12;
    case 429:
    case 502:
    case 503:
    case 504:
      return 14;
    default:
      return 2;
  }
}
