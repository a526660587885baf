// What hostcalls ask of the stream they act on. The stream engine implements it (one object for all slots of a stream,
// hence `slot` in every call); the host never looks behind it. Bytes handed in are views of guest memory, valid for
// the call: who keeps them copies. Bytes handed out are copied into the guest before the next call.
//
// Two kinds of calls:
//   at once      head, headForWrite, body, property, setProperty, setVerdict, setResponse, report, quota, mirror: during the
//                guest's call.
//                What they change is staged by the engine until the guest's callback has returned normally.
//   after-call   localResponse, continueStream, closeStream, instanceLost: only when no guest frame of that instance is on
//                the stack. The stream's own engine frame may still be (its callback has just returned): then the
//                engine notes the call and acts when it looks at the callback's result; otherwise it acts at once.

import type { Head } from "../head/head.ts";
import type { Quota, QuotaAnswer } from "../quota/quota-backend.ts";
import type { GuestFailure } from "./guest-failure.ts";

/** The ABI's map types that belong to a stream: 0 request headers, 1 request trailers, 2 response headers, 3 response trailers. */
export type StreamMapType = 0 | 1 | 2 | 3;

/** 0 request body, 1 response body; of a TCP stream 2 downstream data, 3 upstream data. */
export type StreamBufferType = 0 | 1 | 2 | 3;

/** 0 request, 1 response; of a TCP stream 2 downstream, 3 upstream. */
export type StreamType = 0 | 1 | 2 | 3;

/** A body as the filter of a slot sees it now: everything readable in this callback. */
export interface StreamBody {
  readonly length: number;
  /** Copies `length` bytes from `start` on to `target[at…]`. The range is within the body: the caller clamped it. */
  copyInto(target: Uint8Array, at: number, start: number, length: number): void;
  /**
   * Replaces `length` bytes at `start` (both clamped to the body: start = body length appends, start 0 and length 0
   * prepends). False when the body would pass the stream's buffer limit; nothing is changed then.
   */
  replace(start: number, length: number, bytes: Uint8Array): boolean;
}

/** A reply a filter made, all of it copied out of the guest. */
export interface LocalReply {
  readonly status: number;
  /** Fields to add; names lower case and valid, no pseudo headers. */
  readonly headers: Head;
  readonly body: Uint8Array;
  /** As the guest gave it, for the record: lossy UTF-8, whitespace turned to `_`, control characters escaped. */
  readonly details: string;
  /** 0…16, or -1 for none. */
  readonly grpcStatus: number;
}

/** `tooLate`: the request's head has gone upstream. `full`: the stream has as many copies as it may. */
export type MirrorAnswer = "ok" | "unknownCluster" | "tooLate" | "full";

/** What an embedder without the stream engine implements: the messages as hostcalls may see and change them now. */
export interface StreamContext {
  /** The map as this slot may read it now; null when it is not available (not there yet, gone, or no such trailers). */
  head(slot: number, mapType: StreamMapType): Head | null;
  /**
   * The map as this slot may change it now; null when it may not (read-only phase, already sent on). Trailers that do
   * not exist yet are created when the body callback saw the end of the stream. The engine saves what it needs to
   * undo the edits before it answers.
   */
  headForWrite(slot: number, mapType: StreamMapType): Head | null;
  /** The body as this slot may read and change it now; null outside its body callback and the pause that follows it. */
  body(slot: number, bufferType: StreamBufferType): StreamBody | null;

  /**
   * A property in the encodings of the ABI; null when absent. `path`: segments joined by NUL, no trailing NUL, latin1.
   * Properties set by filters of this stream included; built-in names win. `plugin_*` and the node's properties are
   * answered by the host.
   */
  property(slot: number, path: string): Uint8Array | null;
  /** Keeps a filter's property for the stream, for later filters too. False when over the stream's bound. */
  setProperty(slot: number, path: string, value: Uint8Array): boolean;

  /** `policy_set_verdict`: counts when the running check returns deny (or error). The last call wins. */
  setVerdict(slot: number, code: number, reason: string): void;
  /** `policy_set_response`: the direct response of a deny. The last call wins. */
  setResponse(slot: number, status: number, headers: Head, body: Uint8Array): void;
  /** `policy_report`: an addition to the record. `type` is a ReportType of abi/spec, `value` in the property encodings (its length fits the type). False when over the record's bound. */
  report(slot: number, key: string, type: number, value: Uint8Array): boolean;

  /**
   * `policy_quota` without peek: takes `amount` (1 … the quota's burst) for `key`, once for a slot, quota and key: asked
   * again, the answer is the first one. Spent when the head goes upstream, else given back. Null when the stream has as many as it may.
   */
  quota(slot: number, quota: Quota, key: Uint8Array, amount: number, isBestEffort: boolean): QuotaAnswer | null;
  /**
   * `policy_mirror`: a copy of the request goes to `cluster` when the request itself goes upstream. `flags` are the bits of
   * MirrorFlags. The same cluster twice by one slot is one copy, with the flags of the last call.
   */
  mirror(slot: number, cluster: string, flags: number): MirrorAnswer;

  /** Does the check of this slot wait for a callout's answer? */
  isCheckPending(slot: number): boolean;
  /** after-call. The pending check ends with `kind`, a CheckKind other than Pending. Without effect when none is pending. */
  completeCheck(slot: number, kind: number): void;
  /** after-call. The slot was told the answer of the last callout it had out: a check that is still pending has failed. */
  calloutsOver(slot: number): void;

  /** after-call. The first one of a stream wins: false says that one was made before (the host logs it). */
  localResponse(slot: number, reply: LocalReply): boolean;
  /** after-call. Without effect when that direction is not paused at this slot, or is none of this stream's. */
  continueStream(slot: number, type: StreamType): void;
  /** after-call. Resets the stream. */
  closeStream(slot: number, type: StreamType): void;
  /**
   * after-call. The instance that served this slot died in another stream's (or the root's) callback: nothing of it may
   * be called any more, its context id is void. `Plugin.release` is not needed for it, but harmless.
   */
  instanceLost(slot: number, failure: GuestFailure): void;
}
