// The seam below the codecs: bytes in, bytes out, with an owner for every buffer. A codec holds a Transport and is its
// user; nothing above a codec knows that there are sockets. `transport-contract.ts` is what every kind must pass.

/** One connection. All methods may be called at any time; after `close()` they do nothing. */
export interface Transport {
  /** Who is told; set once, before the event loop turns. */
  user: TransportUser;
  /**
   * Sends `bytes[0, length)`. True: all is with the kernel and the buffer is the caller's again. False: the buffer
   * belongs to the transport until `user.writable()`; the caller must take another (copying now would be too late,
   * the kernel's side still reads from it).
   */
  write(bytes: Uint8Array, length: number): boolean;
  /** Bytes taken but not yet with the kernel. */
  readonly pendingBytes: number;
  /** Whether a write now would pend for certain: not connected yet, or behind another. */
  readonly isBusy: boolean;
  /** Stops and goes on with `user.received`. */
  pause(): void;
  resume(): void;
  /** Sends what is pending, then says that no more comes; the peer may still send. */
  halfClose(): void;
  /** Drops the connection now. `user.closed` follows, as the last call, once. */
  close(): void;
  /** The connection alone no longer keeps its thread alive. */
  unref(): void;
  /** IPv4 or IPv6; an IPv4 address that was mapped into IPv6 is given as it is. */
  readonly remoteAddress: string;
  readonly remotePort: number;
}

export interface TransportUser {
  /** A connection that was asked for is there; not called for accepted ones. */
  connected(): void;
  /** `bytes[0, length)` arrived. Borrowed: the buffer is used again as soon as this returns. */
  received(bytes: Uint8Array, length: number): void;
  /** Every pending write is done: credit for more. */
  writable(): void;
  /** The peer sends no more; it may still read. */
  ended(): void;
  closed(error: Error | null): void;
}

/** A kind of transport: how connections come to be. */
export interface TransportKind {
  /** `failed`: a connection could not be accepted; the listener goes on. */
  listen(at: ListenAt, accepted: (transport: Transport) => void, failed?: () => void): Promise<TransportListener>;
  connect(host: string, port: number): Transport;
}

/**
 * Where a listener gets its socket: descriptors of a bound one that was handed over, or an address to bind. Each descriptor
 * accepts one connection a loop turn; several of one socket accept as many from its one queue.
 */
export type ListenAt = readonly number[] | { readonly host: string; readonly port: number };

export interface TransportListener {
  readonly port: number;
  /** Accepts no more; connections live on. */
  close(): void;
}

/** Stands in until the codec takes over, so that `user` is never null. */
export const NOBODY: TransportUser = {
  connected() {},
  received() {},
  writable() {},
  ended() {},
  closed() {},
};
