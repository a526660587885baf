// Console sessions: a random cookie for a caller who has shown a token. In memory only, so a restart ends all of them.

import { randomBytes } from "node:crypto";
import { SESSIONS_MAX, SESSION_LIFETIME_MS } from "../limits.ts";
import type { Caller, TokenBook } from "./tokens.ts";

export const SESSION_COOKIE = "sluice_session";
/** A header no other site can send without asking first (which is refused); changes with the cookie need it. */
export const SESSION_HEADER = "x-sluice-console";

interface Session {
  readonly caller: Caller;
  readonly endsAtMs: number;
}

export class SessionBook {
  readonly #tokens: TokenBook;
  readonly #nowMs: () => number;
  readonly #sessions = new Map<string, Session>();

  constructor(tokens: TokenBook, nowMs: () => number = Date.now) {
    this.#tokens = tokens;
    this.#nowMs = nowMs;
  }

  /** The cookie's value for a new session. */
  open(caller: Caller): string {
    const oldest = this.#sessions.keys().next();
    if (this.#sessions.size >= SESSIONS_MAX && !oldest.done) this.#sessions.delete(oldest.value);
    const id = randomBytes(32).toString("base64url");
    this.#sessions.set(id, { caller, endsAtMs: this.#nowMs() + SESSION_LIFETIME_MS });
    return id;
  }

  /** Null for a session that is unknown, over, or whose token has been revoked. */
  callerOf(id: string): Caller | null {
    const session = this.#sessions.get(id);
    if (session === undefined) return null;
    if (this.#nowMs() < session.endsAtMs && this.#tokens.knows(session.caller)) return session.caller;
    this.#sessions.delete(id);
    return null;
  }

  close(id: string): void {
    this.#sessions.delete(id);
  }
}
