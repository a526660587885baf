// A tail as server-sent events of the admin port: `record` with the record as it is written to sinks, `dropped` with a
// count, `heartbeat`. The reader's pace is the reader's business: what it does not read is dropped beyond a bound.

import type { ServerResponse } from "node:http";
import { tailFilterOf } from "../contract/index.ts";
import { SluiceError } from "@sluice/abi";
import { PROXY_ERRORS } from "../errors.ts";
import { TAIL_HEARTBEAT_MS, TAIL_NOTICE_MS, TAIL_QUEUE_BYTES_MAX } from "./limits.ts";
import type { OpenTail, TailHub } from "./tail-hub.ts";

/** Opens a tail with the filter that `query` says. Throws E2047 or E2048; then nothing was opened. */
export function openTailStream(hub: TailHub, query: URLSearchParams): (response: ServerResponse) => void {
  const filter = tailFilterOf(query);
  if (typeof filter === "string")
    throw new SluiceError(PROXY_ERRORS.tailFilter, `The tail's filter is wrong: ${filter}.`);
  let response: ServerResponse | null = null;
  const tail = hub.open(filter, {
    take: (line) => {
      if (response === null || response.writableLength > TAIL_QUEUE_BYTES_MAX) return false;
      response.write(`event: record\ndata: ${line}\n\n`);
      return true;
    },
  });
  return (taken) => {
    response = taken;
    serve(tail, taken);
  };
}

function serve(tail: OpenTail, response: ServerResponse): void {
  const notice = setInterval(() => tellDropped(tail, response), TAIL_NOTICE_MS);
  const heartbeat = setInterval(() => response.write("event: heartbeat\ndata: {}\n\n"), TAIL_HEARTBEAT_MS);
  response.on("close", () => {
    clearInterval(notice);
    clearInterval(heartbeat);
    tail.close();
  });
  response.on("error", () => undefined);
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  response.write("event: hello\ndata: {}\n\n");
}

/** Waits until there is room, so that even this cannot pile up. */
function tellDropped(tail: OpenTail, response: ServerResponse): void {
  if (response.writableLength > TAIL_QUEUE_BYTES_MAX) return;
  const count = tail.takeDropped();
  if (count > 0) response.write(`event: dropped\ndata: {"count":${count}}\n\n`);
}
