// A message as upstream or client got it, for assertions.

import type { RecordedMessage } from "@sluice/abi";

type Field = readonly [name: string, value: string];

export class ReceivedMessage {
  /** Every field in order, names in lower case, pseudo headers first. */
  readonly headers: readonly Field[];
  readonly trailers: readonly Field[];
  readonly body: string;

  constructor({ headers, trailers, body }: RecordedMessage) {
    this.headers = headers;
    this.trailers = trailers;
    this.body = body;
  }

  /** The first value under `name`, null when absent. */
  header(name: string): string | null {
    return this.headers.find(([key]) => key === name)?.[1] ?? null;
  }

  /** `:status` as a number; 0 for a request. */
  get status(): number {
    return Number(this.header(":status") ?? 0);
  }
}
