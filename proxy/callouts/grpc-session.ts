// HTTP/2 connections of one worker to endpoints that speak gRPC, without TLS and by prior knowledge (h2c). Every call to
// an endpoint shares its sessions; one that the peer lets go takes no new streams and ends with its last.

import { connect } from "node:http2";
import type { ClientHttp2Session, ClientHttp2Stream } from "node:http2";
import { connect as connectSocket } from "node:net";
import type { Socket } from "node:net";
import type { Cluster, Endpoint } from "../snapshot/runtime.ts";
import {
  METADATA_BYTES_MAX,
  METADATA_FIELDS_MAX,
  SESSIONS_PER_ENDPOINT_MAX,
  SESSION_IDLE_MS,
  SESSION_KEEPALIVE_MS,
} from "./limits.ts";
import type { CalloutFailure } from "./pending-callout.ts";

/** Until the peer says how many it takes: what HTTP/2 recommends to allow at least. */
const STREAMS_ASSUMED = 100;

export class GrpcSessions {
  private readonly endpoints = new Map<Endpoint, GrpcSession[]>();

  get live(): number {
    return [...this.endpoints.values()].reduce((sum, sessions) => sum + sessions.length, 0);
  }

  /** A session for one more stream to the endpoint. */
  take(cluster: Cluster, endpoint: Endpoint): GrpcSession {
    const sessions = this.endpoints.get(endpoint) ?? [];
    const usable = sessions.filter(({ isUsable }) => isUsable);
    const roomy = usable.find(({ hasRoom }) => hasRoom);
    if (roomy !== undefined) return roomy;
    if (usable.length < SESSIONS_PER_ENDPOINT_MAX) return this.open(cluster, endpoint, sessions);
    // All are full: the stream waits in the one with the fewest, and its deadline waits with it.
    return usable.reduce((least, one) => (one.streams < least.streams ? one : least));
  }

  close(): void {
    for (const sessions of this.endpoints.values()) for (const session of sessions) session.destroy();
  }

  private open(cluster: Cluster, endpoint: Endpoint, sessions: GrpcSession[]): GrpcSession {
    const session = new GrpcSession(endpoint, cluster.connectTimeoutMs, () => {
      sessions.splice(sessions.indexOf(session), 1);
      if (sessions.length === 0) this.endpoints.delete(endpoint);
    });
    sessions.push(session);
    this.endpoints.set(endpoint, sessions);
    return session;
  }
}

/** Who wants a stream on a session. */
export interface SessionGuest {
  /** The session is there, now or later: open a stream with `request`. */
  sessionReady(): void;
  /** It will not be there. */
  sessionLost(failure: CalloutFailure): void;
}

export class GrpcSession {
  /** Guests: those with a stream and those that wait for one. */
  streams = 0;
  /** What streams that die with the session die of. */
  failure: CalloutFailure = "connect";
  private readonly endpoint: Endpoint;
  private readonly socket: Socket;
  private readonly session: ClientHttp2Session;
  private readonly waiting = new Set<SessionGuest>();
  private timer: NodeJS.Timeout | null;
  private isOpen = false;
  private isRetired = false;

  constructor(endpoint: Endpoint, connectTimeoutMs: number, closed: () => void) {
    const { host, port } = endpoint;
    const keepAlive = { keepAlive: true, keepAliveInitialDelay: SESSION_KEEPALIVE_MS };
    this.endpoint = endpoint;
    this.socket = connectSocket({ host, port, noDelay: true, ...keepAlive });
    this.session = connect(`http://${endpoint.address}`, {
      createConnection: () => this.socket,
      settings: { enablePush: false, maxHeaderListSize: METADATA_BYTES_MAX },
      maxHeaderListPairs: METADATA_FIELDS_MAX,
    });
    this.session.unref();
    this.timer = setTimeout(() => this.destroy(), connectTimeoutMs).unref();
    this.listen(closed);
  }

  /** New guests may join. */
  get isUsable(): boolean {
    return !this.isRetired && !this.session.closed && !this.session.destroyed;
  }

  get hasRoom(): boolean {
    return this.streams < (this.session.remoteSettings?.maxConcurrentStreams ?? STREAMS_ASSUMED);
  }

  get isDestroyed(): boolean {
    return this.session.destroyed;
  }

  /** All that ever came over it: tells a silent peer from a busy one. */
  get bytesRead(): number {
    return this.socket.bytesRead;
  }

  /** `sessionReady` follows at once where it can. */
  join(guest: SessionGuest): void {
    this.streams++;
    this.endpoint.active++;
    if (!this.isOpen) {
      this.waiting.add(guest);
      return;
    }
    this.stopTimer();
    guest.sessionReady();
  }

  /** Once by everyone who joined. */
  leave(guest: SessionGuest): void {
    this.waiting.delete(guest);
    this.streams--;
    this.endpoint.active--;
    if (this.streams > 0 || this.session.destroyed) return;
    if (this.isRetired) this.end();
    else if (this.isOpen) this.timer = setTimeout(() => this.end(), SESSION_IDLE_MS).unref();
  }

  /** null: the session went just now. */
  request(headers: readonly string[]): ClientHttp2Stream | null {
    try {
      return this.session.request(headers);
    } catch {
      return null;
    }
  }

  /** Takes no new guests; ends with its last. */
  retire(): void {
    this.isRetired = true;
    if (this.streams === 0) this.end();
  }

  destroy(): void {
    this.session.destroy();
    this.socket.destroy();
  }

  /** An error of the session, or one of its streams. */
  noteError(error: Error & { code?: string }): void {
    if (error.code === "ERR_HTTP2_ERROR") this.failure = "protocol";
  }

  private end(): void {
    if (this.isOpen) this.session.close();
    else this.destroy();
  }

  private listen(closed: () => void): void {
    // The peer's SETTINGS come before anything else: only then is it known to speak HTTP/2, and how many streams it takes.
    this.session.once("remoteSettings", () => this.opened());
    this.session.on("goaway", () => this.retire());
    this.session.on("error", (error) => this.noteError(error));
    this.session.on("close", () => {
      this.stopTimer();
      closed();
      for (const guest of this.waiting) guest.sessionLost(this.failure);
    });
  }

  private opened(): void {
    this.isOpen = true;
    this.failure = "reset";
    this.stopTimer();
    for (const guest of this.waiting) {
      this.waiting.delete(guest);
      guest.sessionReady();
    }
  }

  private stopTimer(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }
}
