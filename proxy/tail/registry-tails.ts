// Tails that somebody opened at the registry: each is a lease that the registry renews while its asker is there. What
// matches is posted in batches, one post at a time; what does not fit is dropped, counted and told with the next one.

import type { Logger } from "pino";
import type { TailLease, TailPost } from "../contract/index.ts";
import { TAIL_LINE_CHARS_MAX, TAIL_POST_LINES_MAX } from "../contract/limits.ts";
import { TAIL_POST_BYTES_MAX, TAIL_POST_WAIT_MS } from "./limits.ts";
import type { OpenTail, TailHub } from "./tail-hub.ts";

export interface RegistryTailsOptions {
  readonly hub: TailHub;
  readonly log: Logger;
  /** Resolves false when nobody looks any more. */
  post(id: string, post: TailPost): Promise<boolean>;
}

export class RegistryTails {
  private readonly options: RegistryTailsOptions;
  private readonly tails = new Map<string, RegistryTail>();

  constructor(options: RegistryTailsOptions) {
    this.options = options;
  }

  take(lease: TailLease): void {
    const known = this.tails.get(lease.id);
    if (lease.leaseMs <= 0) return known?.close();
    if (known !== undefined) return known.renew(lease.leaseMs);
    try {
      const tail = new RegistryTail(lease, this.options, () => this.tails.delete(lease.id));
      this.tails.set(lease.id, tail);
    } catch (error) {
      this.options.log.warn({ err: error }, "a tail asked for by the registry was not opened");
    }
  }

  close(): void {
    for (const tail of this.tails.values()) tail.close();
  }
}

class RegistryTail {
  private readonly id: string;
  private readonly options: RegistryTailsOptions;
  private readonly closed: () => void;
  private readonly tail: OpenTail;
  private lines: string[] = [];
  private bytes = 0;
  private isPosting = false;
  private soon: NodeJS.Timeout | null = null;
  private end: NodeJS.Timeout;

  constructor({ id, filter, leaseMs }: TailLease, options: RegistryTailsOptions, closed: () => void) {
    this.id = id;
    this.options = options;
    this.closed = closed;
    this.tail = options.hub.open(filter, { take: (line) => this.takeLine(line) });
    this.end = setTimeout(() => this.close(), leaseMs).unref();
  }

  renew(leaseMs: number): void {
    clearTimeout(this.end);
    this.end = setTimeout(() => this.close(), leaseMs).unref();
  }

  close(): void {
    clearTimeout(this.end);
    if (this.soon !== null) clearTimeout(this.soon);
    this.tail.close();
    this.closed();
  }

  private takeLine(line: string): boolean {
    if (line.length > TAIL_LINE_CHARS_MAX || this.lines.length >= TAIL_POST_LINES_MAX) return false;
    if (this.bytes + line.length > TAIL_POST_BYTES_MAX) return false;
    this.lines.push(line);
    this.bytes += line.length;
    if (!this.isPosting) this.soon ??= setTimeout(() => void this.post(), TAIL_POST_WAIT_MS).unref();
    return true;
  }

  private async post(): Promise<void> {
    const { id, lines, options } = this;
    this.soon = null;
    this.lines = [];
    this.bytes = 0;
    this.isPosting = true;
    try {
      if (!(await options.post(id, { lines, dropped: this.tail.takeDropped() }))) this.close();
    } catch (error) {
      // The registry is away: it renews the lease when it is back, or the tail ends by itself.
      options.log.debug({ err: error }, "records for a tail were not posted");
    }
    this.isPosting = false;
    if (this.lines.length > 0) this.soon ??= setTimeout(() => void this.post(), TAIL_POST_WAIT_MS).unref();
  }
}
