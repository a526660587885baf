// What consoles and command lines hear about: deployments, versions and proxies as they change.

import { HEARTBEAT_MS } from "../limits.ts";
import { eventText } from "../http/event-stream.ts";
import type { EventStream, ServerEvent } from "../http/event-stream.ts";
import type { Caller, TokenBook } from "../access/tokens.ts";

/** Open streams of one kind, with a common heartbeat; a stream whose token was revoked is ended by it. */
export class EventHub {
  readonly #tokens: TokenBook;
  readonly #streams = new Map<EventStream, Caller>();
  readonly #heartbeat: NodeJS.Timeout;

  constructor(tokens: TokenBook, heartbeatMs = HEARTBEAT_MS) {
    this.#tokens = tokens;
    this.#heartbeat = setInterval(() => this.#beat(), heartbeatMs);
    this.#heartbeat.unref();
  }

  get size(): number {
    return this.#streams.size;
  }

  add(stream: EventStream, caller: Caller): void {
    this.#streams.set(stream, caller);
  }

  remove(stream: EventStream): void {
    this.#streams.delete(stream);
  }

  send(event: ServerEvent): void {
    if (this.#streams.size === 0) return;
    const text = eventText(event);
    for (const stream of this.#streams.keys()) stream.sendText(text);
  }

  close(): void {
    clearInterval(this.#heartbeat);
    for (const stream of this.#streams.keys()) stream.close();
  }

  #beat(): void {
    const text = eventText({ event: "heartbeat", data: { time: new Date().toISOString() } });
    for (const [stream, caller] of this.#streams) {
      if (this.#tokens.knows(caller)) stream.sendText(text);
      else stream.close();
    }
  }
}
