// One subscriber of server-sent events. What it does not read waits in its socket up to a bound; beyond that it is cut
// off, and finds everything again when it reconnects, because every stream begins with the state as it is.

import type { FastifyReply } from "fastify";
import { SUBSCRIBER_QUEUE_BYTES_MAX } from "../limits.ts";
import { SECURITY_HEADERS } from "./security-headers.ts";

export interface ServerEvent {
  readonly event: string;
  readonly data: unknown;
  /** The deployment number, where the event is about one. */
  readonly id?: number;
}

export class EventStream {
  readonly #response: FastifyReply["raw"];
  readonly #onClose: () => void;
  #isOpen = true;

  /** Takes the reply over. `onClose` is called once, whoever ends the stream. */
  constructor(reply: FastifyReply, onClose: () => void) {
    reply.hijack();
    this.#response = reply.raw;
    this.#onClose = onClose;
    this.#response.on("close", () => this.#closed());
    this.#response.on("error", () => this.#closed());
    this.#response.writeHead(200, {
      ...SECURITY_HEADERS,
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      // Tells proxies such as nginx to pass events on at once.
      "x-accel-buffering": "no",
    });
    this.#response.flushHeaders();
  }

  send(event: ServerEvent): void {
    this.sendText(eventText(event));
  }

  /** For one event to many streams: its text is made once. */
  sendText(text: string): void {
    if (!this.#isOpen) return;
    if (this.#response.writableLength + text.length > SUBSCRIBER_QUEUE_BYTES_MAX) this.#response.destroy();
    else this.#response.write(text);
  }

  /** Sends it unless more than `bytesMax` wait already; false: there was no room, and the stream goes on. */
  offer(text: string, bytesMax: number): boolean {
    if (!this.#isOpen || this.#response.writableLength > bytesMax) return false;
    this.#response.write(text);
    return true;
  }

  close(): void {
    if (this.#isOpen) this.#response.end();
    this.#closed();
  }

  #closed(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#onClose();
  }
}

/** JSON has no raw line ends, so one `data` line always holds it. */
export function eventText({ event, data, id }: ServerEvent): string {
  return `event: ${event}\n${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}
