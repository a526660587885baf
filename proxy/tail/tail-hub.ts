// Who looks at records as they are made. Main hands every batch of the workers to the hub; with nobody looking it has no
// tails, and workers without a sink make no records at all.

import { SluiceError } from "@sluice/abi";
import { matchesTail, tailNeedles } from "../contract/index.ts";
import type { TailFilter, TailedRecord } from "../contract/index.ts";
import { PROXY_ERRORS } from "../errors.ts";
import { TAILS_MAX, TAIL_RECORDS_PER_SECOND } from "./limits.ts";

/** One who looks. */
export interface TailReader {
  /** Takes a record's line, newline not included; false when there is no room for it: then it counts as dropped. */
  take(line: string): boolean;
}

export interface OpenTail {
  /** Records that matched and were not sent since the last call. */
  takeDropped(): number;
  close(): void;
}

export class TailHub {
  private readonly tails = new Set<Tail>();
  private dropped = 0;
  private readonly wanted: (isWanted: boolean) => void;

  /** `wanted` is told when the first tail opens and when the last one is gone. */
  constructor(wanted: (isWanted: boolean) => void) {
    this.wanted = wanted;
  }

  get isWanted(): boolean {
    return this.tails.size > 0;
  }

  /** Tails open now, and records that matched and were not sent since the process started. */
  get figures(): { readonly open: number; readonly dropped: number } {
    return { open: this.tails.size, dropped: this.dropped };
  }

  /** Throws E2048 when too many are open. */
  open(filter: TailFilter, reader: TailReader): OpenTail {
    if (this.tails.size >= TAILS_MAX)
      throw new SluiceError(PROXY_ERRORS.tailBusy, `${this.tails.size} tails are open on this proxy.`);
    const tail = new Tail(filter, reader, { closed: () => this.close(tail), dropped: () => this.dropped++ });
    this.tails.add(tail);
    if (this.tails.size === 1) this.wanted(true);
    return tail;
  }

  /** A batch of complete lines of a worker. */
  offer(lines: Uint8Array): void {
    if (this.tails.size === 0) return;
    const nowMs = performance.now();
    const text = Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength).toString("latin1");
    for (let from = 0; from < text.length;) {
      const end = text.indexOf("\n", from);
      const line = text.slice(from, end < 0 ? text.length : end);
      // A parsed record is shared by all tails that come as far as looking into it.
      let record: TailedRecord | null = null;
      for (const tail of this.tails) if (tail.mayWant(line)) tail.offer((record ??= parsed(line)), line, nowMs);
      from = end < 0 ? text.length : end + 1;
    }
  }

  private close(tail: Tail): void {
    if (this.tails.delete(tail) && this.tails.size === 0) this.wanted(false);
  }
}

class Tail implements OpenTail {
  private readonly filter: TailFilter;
  private readonly needles: readonly string[];
  private readonly reader: TailReader;
  private dropped = 0;
  private secondMs = -Infinity;
  private sentThisSecond = 0;

  private readonly tells: { closed(): void; dropped(): void };

  constructor(filter: TailFilter, reader: TailReader, tells: { closed(): void; dropped(): void }) {
    this.filter = filter;
    this.needles = tailNeedles(filter);
    this.reader = reader;
    this.tells = tells;
  }

  close(): void {
    this.tells.closed();
  }

  takeDropped(): number {
    const { dropped } = this;
    this.dropped = 0;
    return dropped;
  }

  /** Cheap: says no to most lines that do not match, without parsing them. */
  mayWant(line: string): boolean {
    return this.needles.every((needle) => line.includes(needle));
  }

  offer(record: TailedRecord, line: string, nowMs: number): void {
    if (!matchesTail(this.filter, record)) return;
    if (nowMs - this.secondMs >= 1000) {
      this.secondMs = nowMs;
      this.sentThisSecond = 0;
    }
    if (this.sentThisSecond < TAIL_RECORDS_PER_SECOND && this.reader.take(line)) {
      this.sentThisSecond++;
      return;
    }
    this.dropped++;
    this.tells.dropped();
  }
}

/** Our own line. One of another kind than a stream's (a mirror's) has no slots, and only an empty filter shows it. */
function parsed(line: string): TailedRecord {
  const record = JSON.parse(line) as Partial<TailedRecord>;
  return { status: 0, method: "", path: "", route: null, slots: [], ...record };
}
