// Live records of proxies for whoever looks: the wish goes out as a lease that is renewed while the asker is there, the
// records come back in posts and are passed on. Nobody looks: nothing is sent and no proxy makes a record for it.

import { randomUUID } from "node:crypto";
import { SluiceError } from "@sluice/abi";
import type { TailFilter, TailPost } from "@sluice/proxy/contract";
import { REGISTRY_ERRORS } from "../errors.ts";
import type { EventStream } from "../http/event-stream.ts";
import { eventText } from "../http/event-stream.ts";
import { TAILS_MAX, TAIL_LEASE_MS, TAIL_NOTICE_MS, TAIL_QUEUE_BYTES_MAX, TAIL_RENEW_MS } from "../limits.ts";
import type { Fleet } from "./fleet.ts";

interface OpenTail {
  readonly id: string;
  readonly filter: TailFilter;
  /** The only proxy it is for; null: all. */
  readonly proxy: string | null;
  readonly stream: EventStream;
  dropped: number;
}

export class TailDesk {
  readonly #fleet: Fleet;
  readonly #tails = new Map<string, OpenTail>();
  readonly #renewal: NodeJS.Timeout;
  readonly #notice: NodeJS.Timeout;

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
    // Also how a proxy that connects later hears of it.
    this.#renewal = setInterval(() => this.#tails.forEach((tail) => this.#lease(tail, TAIL_LEASE_MS)), TAIL_RENEW_MS);
    this.#notice = setInterval(() => this.#tails.forEach(tellDropped), TAIL_NOTICE_MS);
    this.#renewal.unref();
    this.#notice.unref();
  }

  /** Throws E3025 when too many are open. */
  refuseCrowd(): void {
    if (this.#tails.size >= TAILS_MAX)
      throw new SluiceError(REGISTRY_ERRORS.busy, `${this.#tails.size} tails are open on this registry`);
  }

  /** Begins to pass records on; answers how to end it. */
  open(filter: TailFilter, proxy: string | null, stream: EventStream): { close(): void } {
    const tail: OpenTail = { id: randomUUID(), filter, proxy, stream, dropped: 0 };
    this.#tails.set(tail.id, tail);
    stream.send({ event: "hello", data: { proxies: this.#lease(tail, TAIL_LEASE_MS) } });
    return {
      close: () => {
        if (this.#tails.delete(tail.id)) this.#lease(tail, 0);
      },
    };
  }

  /** Takes a proxy's records; false when nobody looks any more. */
  take(id: string, { lines, dropped }: TailPost): boolean {
    const tail = this.#tails.get(id);
    if (tail === undefined) return false;
    tail.dropped += dropped;
    for (const line of lines) {
      if (!tail.stream.offer(`event: record\ndata: ${line}\n\n`, TAIL_QUEUE_BYTES_MAX)) tail.dropped++;
    }
    return true;
  }

  close(): void {
    clearInterval(this.#renewal);
    clearInterval(this.#notice);
  }

  /** Ids of the connected proxies that were told. */
  #lease({ id, filter, proxy }: OpenTail, leaseMs: number): string[] {
    return this.#fleet.tell({ event: "tail", data: { id, filter, leaseMs } }, proxy);
  }
}

function tellDropped(tail: OpenTail): void {
  const { dropped: count } = tail;
  if (count > 0 && tail.stream.offer(eventText({ event: "dropped", data: { count } }), TAIL_QUEUE_BYTES_MAX))
    tail.dropped = 0;
}
