// A message as it came out of the filters, for assertions.

import type { Head } from "@sluice/abi";

export class RecordedMessage {
  /** Every field in order, pseudo headers included. */
  headers: [string, string][] = [];
  trailers: [string, string][] = [];
  readonly chunks: string[] = [];

  /** The first value under `name`, null when absent. */
  header(name: string): string | null {
    return this.headers.find(([key]) => key === name)?.[1] ?? null;
  }

  get body(): string {
    return this.chunks.join("");
  }

  /** `:status` of a response as a number, 0 for a request. */
  get status(): number {
    return Number(this.header(":status") ?? 0);
  }

  takeHead(head: Head): void {
    this.headers = head.toPairs();
  }
  takeData(chunk: Uint8Array): void {
    if (chunk.length > 0) this.chunks.push(Buffer.from(chunk).toString("utf8"));
  }
  takeTrailers(trailers: Head): void {
    this.trailers = trailers.toPairs();
  }
}
