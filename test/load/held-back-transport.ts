// TCP whose kernel takes nothing from accepted connections while it is held back: a client that does not read, whatever
// the sizes of the buffers in between.

import { rawTcp } from "../../proxy/transport/raw-transport.ts";
import type { Transport, TransportKind, TransportUser } from "../../proxy/transport/transport.ts";

export class HeldBackTcp implements TransportKind {
  private readonly accepted: HeldBackTransport[] = [];
  isHeldBack = false;

  readonly connect = rawTcp.connect;

  listen(...[at, accepted]: Parameters<TransportKind["listen"]>): ReturnType<TransportKind["listen"]> {
    return rawTcp.listen(at, (transport) => {
      const heldBack = new HeldBackTransport(transport, this);
      this.accepted.push(heldBack);
      accepted(heldBack);
    });
  }

  /** The kernel takes what it was not given. */
  letGo(): void {
    this.isHeldBack = false;
    for (const transport of this.accepted) transport.letGo();
  }
}

class HeldBackTransport implements Transport, TransportUser {
  user!: TransportUser;
  private readonly inner: Transport;
  private readonly kind: HeldBackTcp;
  private readonly kept: Uint8Array[] = [];
  private isHalfClosing = false;

  constructor(inner: Transport, kind: HeldBackTcp) {
    this.inner = inner;
    this.kind = kind;
    inner.user = this;
  }

  write(bytes: Uint8Array, length: number): boolean {
    if (!this.kind.isHeldBack) return this.inner.write(bytes, length);
    this.kept.push(bytes.slice(0, length));
    return false;
  }

  letGo(): void {
    const kept = this.kept.splice(0);
    const isTaken = kept.map((bytes) => this.inner.write(bytes, bytes.length)).every(Boolean);
    if (this.isHalfClosing) this.inner.halfClose();
    if (kept.length > 0 && isTaken) this.user.writable();
  }

  get pendingBytes(): number {
    return this.kept.reduce((sum, { length }) => sum + length, this.inner.pendingBytes);
  }
  get isBusy(): boolean {
    return this.kept.length > 0 || this.inner.isBusy;
  }
  get remoteAddress(): string {
    return this.inner.remoteAddress;
  }
  get remotePort(): number {
    return this.inner.remotePort;
  }
  pause(): void {
    this.inner.pause();
  }
  resume(): void {
    this.inner.resume();
  }
  halfClose(): void {
    if (this.kept.length > 0) this.isHalfClosing = true;
    else this.inner.halfClose();
  }
  close(): void {
    this.inner.close();
  }
  unref(): void {
    this.inner.unref();
  }

  connected(): void {
    this.user.connected();
  }
  received(bytes: Uint8Array, length: number): void {
    this.user.received(bytes, length);
  }
  writable(): void {
    this.user.writable();
  }
  ended(): void {
    this.user.ended();
  }
  closed(error: Error | null): void {
    this.user.closed(error);
  }
}
