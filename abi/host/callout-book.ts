// The callouts of one instance: their ids, who asked, and what happens when an answer comes. Answers arrive from the event
// loop, never within a hostcall; SDKs count on exactly one for every id they were given, and on none for one they cancelled.

import type { Head } from "../head/head.ts";
import { BufferType, GrpcStatus, MapType, Status } from "../spec/enums.ts";
import type { Caller, GuestContext } from "./caller.ts";
import type { Callout, GrpcSink, GrpcStream, HttpSink } from "./callouts.ts";
import { CALLOUTS_OPEN_MAX } from "./limits.ts";

/** The low bits of an id, as in proxy-wasm-cpp-host. */
export const HTTP_CALL = 0;
export const GRPC_CALL = 1;
export const GRPC_STREAM = 2;
export type CalloutKind = typeof HTTP_CALL | typeof GRPC_CALL | typeof GRPC_STREAM;
const KINDS = 4;
const IDS = 2 ** 30;

/** One id that the guest was given and that nothing final was told of. */
export class OpenCallout implements HttpSink, GrpcSink {
  readonly id: number;
  readonly kind: CalloutKind;
  /** The context that asked. */
  readonly context: GuestContext;
  private readonly book: CalloutBook;
  private handle: Callout | null = null;
  /** Nothing that comes from outside counts any more. */
  private isDeaf = false;

  constructor(book: CalloutBook, id: number, kind: CalloutKind, context: GuestContext) {
    this.book = book;
    this.id = id;
    this.kind = kind;
    this.context = context;
  }

  /** After-call: the callback that asked has returned. */
  begin(start: () => Callout): void {
    if (!this.isDeaf) this.handle = start();
  }

  /** After-call. What does not fit ends the stream: a message may not be lost in silence. */
  send(message: Uint8Array, endOfStream: boolean): void {
    if (this.isDeaf || (this.handle as GrpcStream).send(message, endOfStream)) return;
    this.end(GrpcStatus.ResourceExhausted, "too many bytes wait to be sent");
  }

  halfClose(): void {
    if (!this.isDeaf) (this.handle as GrpcStream).halfClose();
  }

  /** Nothing more is told to the guest; what was asked may go on. */
  detach(): void {
    this.isDeaf = true;
    this.book.forget(this);
  }

  cancel(): void {
    this.detach();
    this.handle?.cancel();
  }

  /** Nobody waits any more; the guest is told that it failed, as soon as no guest frame can be on the stack. */
  giveUp(): void {
    this.end(GrpcStatus.Canceled, "the stream is gone");
  }

  private end(status: number, reason: string): void {
    this.isDeaf = true;
    this.handle?.cancel();
    this.book.later(() => {
      // Meanwhile the instance may have been put back, or the guest may have cancelled.
      if (!this.book.isOpen(this)) return;
      this.isDeaf = false;
      if (this.kind === HTTP_CALL) this.failed(reason);
      else this.closed(status, reason);
    });
  }

  answered(headers: Head, body: Uint8Array, trailers: Head | null): void {
    if (this.isDeaf) return;
    this.detach();
    const maps: Record<number, Head> = { [MapType.HttpCallResponseHeaders]: headers };
    if (trailers !== null) maps[MapType.HttpCallResponseTrailers] = trailers;
    const arrival = { maps, buffers: { [BufferType.HttpCallResponseBody]: body } };
    this.book.tell(this, arrival, (guest) =>
      guest.httpCallResponse(this.id, headers.count, body.length, trailers?.count ?? 0),
    );
  }

  failed(reason: string): void {
    if (this.isDeaf) return;
    this.detach();
    this.book.noteStatus(Status.BrokenConnection, reason);
    this.book.tell(this, NOTHING_ARRIVED, (guest) => guest.httpCallResponse(this.id, 0, 0, 0));
  }

  /** Metadata of a call is not told, as in Envoy: the message alone says that it went well. */
  initialMetadata(metadata: Head): void {
    if (this.isDeaf || this.kind === GRPC_CALL) return;
    const arrival = { maps: { [MapType.GrpcReceiveInitialMetadata]: metadata }, buffers: {} };
    this.book.tell(this, arrival, (guest) => guest.grpcReceiveInitialMetadata(this.id, metadata.count));
  }

  message(bytes: Uint8Array): void {
    if (this.isDeaf) return;
    if (this.kind === GRPC_CALL) this.detach();
    const arrival = { maps: {}, buffers: { [BufferType.GrpcReceiveBuffer]: bytes } };
    this.book.tell(this, arrival, (guest) => guest.grpcReceive(this.id, bytes.length));
  }

  trailingMetadata(metadata: Head): void {
    if (this.isDeaf || this.kind === GRPC_CALL) return;
    const arrival = { maps: { [MapType.GrpcReceiveTrailingMetadata]: metadata }, buffers: {} };
    this.book.tell(this, arrival, (guest) => guest.grpcReceiveTrailingMetadata(this.id, metadata.count));
  }

  closed(status: number, message: string): void {
    if (this.isDeaf) return;
    this.detach();
    this.book.noteStatus(status, message);
    this.book.tell(this, NOTHING_ARRIVED, (guest) => guest.grpcClose(this.id, status));
  }
}

/** What buffers 4, 5 and 8 and maps 4 to 7 read while the callback runs that tells of it; by BufferType and MapType. */
export interface Arrival {
  readonly maps: Readonly<Partial<Record<number, Head>>>;
  readonly buffers: Readonly<Partial<Record<number, Uint8Array>>>;
}

const NOTHING_ARRIVED: Arrival = { maps: {}, buffers: {} };

/** The callbacks by which an instance hears of callouts. */
export interface CalloutListener {
  httpCallResponse(callId: number, headers: number, bodySize: number, trailers: number): void;
  grpcReceiveInitialMetadata(token: number, elements: number): void;
  grpcReceive(token: number, messageSize: number): void;
  grpcReceiveTrailingMetadata(token: number, elements: number): void;
  grpcClose(token: number, status: number): void;
}

export class CalloutBook {
  private readonly guest: Caller;
  private readonly listener: CalloutListener;
  private readonly open = new Map<number, OpenCallout>();
  private last = 0;

  constructor(guest: Caller, listener: CalloutListener) {
    this.guest = guest;
    this.listener = listener;
  }

  /** A new id for the acting context; null when the instance has as many callouts open as it may. */
  add(kind: CalloutKind): OpenCallout | null {
    if (this.open.size >= CALLOUTS_OPEN_MAX) return null;
    let id = 0;
    do {
      this.last = (this.last + 1) % IDS;
      id = this.last * KINDS + kind;
    } while (this.last === 0 || this.open.has(id));
    const callout = new OpenCallout(this, id, kind, this.guest.acting);
    this.open.set(id, callout);
    return callout;
  }

  find(id: number): OpenCallout | null {
    return this.open.get(id >>> 0) ?? null;
  }

  /** The guest cancelled it, or was told its end. */
  forget(callout: OpenCallout): void {
    if (this.isOpen(callout)) this.open.delete(callout.id);
  }

  isOpen(callout: OpenCallout): boolean {
    return this.open.get(callout.id) === callout;
  }

  isWaiting(contextId: number): boolean {
    for (const { context } of this.open.values()) if (context.id === contextId) return true;
    return false;
  }

  /** Nobody waits for the stream any more: its callouts fail, since an SDK that was given an id counts on an answer. */
  streamGone(contextId: number): void {
    for (const callout of this.open.values()) if (callout.context.id === contextId) callout.giveUp();
  }

  /** The instance is put back: requests that are out go on unheard (a filter may report from its last callback), streams end. */
  detachAll(): void {
    for (const callout of this.open.values()) {
      if (callout.kind === GRPC_STREAM) callout.cancel();
      else callout.detach();
    }
  }

  /** The instance is dead. */
  cancelAll(): void {
    for (const callout of this.open.values()) callout.cancel();
  }

  noteStatus(code: number, message: string): void {
    this.guest.lastStatus = { code, message: Buffer.from(message) };
  }

  later(run: () => void): void {
    this.guest.scope.services.timers.schedule({ tick: run }, 0);
  }

  /** One callback from outside; a pending check that its last callout has not brought to an end cannot end any more. */
  tell({ context }: OpenCallout, arrival: Arrival, callback: (guest: CalloutListener) => void): void {
    const { guest } = this;
    guest.scope.root.arrives(guest, () => {
      guest.arrival = arrival;
      try {
        callback(this.listener);
      } finally {
        guest.arrival = null;
      }
    });
    const isAlive = context.stream !== null && guest.contexts.get(context.id) === context;
    if (isAlive && !this.isWaiting(context.id)) context.stream!.calloutsOver(context.slot);
  }
}

/** The callouts of the guest that runs. */
export function calloutBook(guest: Caller): CalloutBook {
  guest.callouts ??= new CalloutBook(guest, guest.listener!);
  return guest.callouts;
}
