// Keeps a watch stream to the registry open: reconnects with back-off, tells events, says once when it is lost and once
// when it is back.

import { EventStreamParser } from "../contract/index.ts";
import type { ServerSentEvent } from "../contract/index.ts";
import { WATCH_EVENT_CHARS_MAX } from "./limits.ts";

export interface WatchOptions {
  open(signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  event(event: ServerSentEvent): void;
  connected(): void;
  /** Told at the first failure and not again until it was connected. */
  lost(error: Error): void;
  /** The wait before the next try; `reset` when a connection held. */
  readonly backoff: { next(): number; reset(): void };
}

export class Watch {
  isConnected = false;
  private readonly options: WatchOptions;
  private readonly stop = new AbortController();
  private isTold = false;

  constructor(options: WatchOptions) {
    this.options = options;
  }

  /** Runs until `close()`. */
  async run(): Promise<void> {
    while (!this.stop.signal.aborted) {
      try {
        await this.follow();
        this.failed(new Error("the registry ended the watch"));
      } catch (error) {
        this.failed(error as Error);
      }
      await this.pause(this.options.backoff.next());
    }
  }

  close(): void {
    this.stop.abort();
  }

  private async follow(): Promise<void> {
    const body = await this.options.open(this.stop.signal);
    const parser = new EventStreamParser(WATCH_EVENT_CHARS_MAX);
    const decoder = new TextDecoder();
    this.isConnected = true;
    this.isTold = false;
    this.options.connected();
    for await (const chunk of body) {
      this.options.backoff.reset();
      for (const event of parser.push(decoder.decode(chunk, { stream: true }))) this.options.event(event);
    }
  }

  private failed(error: Error): void {
    this.isConnected = false;
    if (this.isTold || this.stop.signal.aborted) return;
    this.isTold = true;
    this.options.lost(error);
  }

  private pause(waitMs: number): Promise<void> {
    const { signal } = this.stop;
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const timer = setTimeout(resolve, waitMs);
      signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
    });
  }
}
