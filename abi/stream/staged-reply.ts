// A reply or reset that was asked for while frames of the stream were on the stack, until the outermost one acts on it.

import { Head } from "../head/head.ts";
import type { StreamFlag } from "./driver.ts";
import { fillGrpcReply, fillReply, isGrpc } from "./local-reply.ts";

const METHOD = Buffer.from(":method");
const HEAD = Buffer.from("HEAD");
const NO_BYTES = new Uint8Array(0);

export class StagedReply {
  kind: "none" | "reply" | "reset" = "none";
  flag: StreamFlag | null = null;
  /** The reply passes the response phases of slots that have not seen a response. */
  seesFilters = false;
  /** The upstream is told; false when the driver made the reply and knows. */
  dropsUpstream = false;
  /** What `fill` left of the body: nothing for HEAD, 204, 304 and gRPC. */
  body: Uint8Array = NO_BYTES;
  /** The filled head; the stream's response head from then on. */
  readonly head = new Head();
  private status = 0;
  private headers: Head | null = null;
  private grpcStatus = -1;

  clear(): void {
    this.kind = "none";
    this.headers = null;
    this.body = NO_BYTES;
  }

  /** `headers` and `body` must outlive the call: they are kept. */
  stage(status: number, headers: Head | null, body: Uint8Array, grpcStatus: number): void {
    this.kind = "reply";
    this.status = status;
    this.headers = headers;
    this.body = body;
    this.grpcStatus = grpcStatus;
    this.seesFilters = true;
    this.dropsUpstream = true;
  }

  /** Writes the response head for this request. */
  fill(request: Head): void {
    if (isGrpc(request)) {
      fillGrpcReply(this.head, this.status, this.headers, this.grpcStatus, this.body);
      this.body = NO_BYTES;
      return;
    }
    fillReply(this.head, this.status, this.headers, this.body.length);
    const method = request.find(METHOD, 0, METHOD.length);
    const hasNoContent = this.status === 204 || this.status === 304;
    if (hasNoContent || (method >= 0 && HEAD.equals(request.value(method)))) this.body = NO_BYTES;
  }
}
