// HTTP requests of a filter's own to named clusters, and their answers.

import { out, outPointer, outSize } from "./arena";
import { Body } from "./body";
import { Text, Value } from "./bytes";
import { noteCallout } from "./callout-table";
import { BufferType, MapType, Status } from "./generated/enums";
import { proxy_get_status, proxy_http_call } from "./generated/hostcalls";
import { Headers } from "./headers";
import { ReplyFields } from "./reply-fields";

/**
 * What to ask. Made once and filled anew for each callout: `clear`, `add`, …; at most 29 header fields, 4 KiB of head
 * together.
 */
@final
export class HttpRequest {
  private readonly method: Text;
  private readonly path: Text;
  private readonly authority: Text;
  private readonly fields: ReplyFields = new ReplyFields();
  private body: Text | null = null;

  constructor(method: string, path: string, authority: string) {
    this.method = Text.of(method);
    this.path = Text.of(path);
    this.authority = Text.of(authority);
    this.clear();
  }

  /** Back to method, path and authority alone. */
  clear(): void {
    const fields = this.fields;
    this.body = null;
    fields.clear();
    fields.add(Pseudo.method, this.method);
    fields.add(Pseudo.path, this.path);
    fields.add(Pseudo.authority, this.authority);
  }

  /** Adds a header field. False, and nothing is added, when there is no room for it. */
  add(name: Text, value: Text): bool {
    return this.fields.add(name, value);
  }

  /** `add` for a value that was read. */
  addValue(name: Text, value: Value): bool {
    return this.fields.addValue(name, value);
  }

  /** A body of UTF-8; its length is told by the host. */
  setBody(text: string): void {
    this.body = Text.of(text);
  }

  /** Sends it; 0 when the host refuses. `stream` as in `noteCallout`. */
  send(cluster: Text, timeoutMs: i32, stream: u32): u32 {
    const pairs = this.fields.encode();
    if (pairs == 0) return 0;
    const body = this.body;
    const bodyStart = body === null ? 0 : body.start;
    const bodySize = body === null ? 0 : body.size;
    const pairsSize = this.fields.encodedSize;
    const status = proxy_http_call(
      cluster.start,
      cluster.size,
      pairs,
      pairsSize,
      bodyStart,
      bodySize,
      0,
      0,
      timeoutMs,
      out,
    );
    if (status != Status.Ok) return 0;
    const id = load<u32>(out);
    noteCallout(id, stream, true);
    return id;
  }
}

/** Lazy: what a filter never uses is neither compiled nor made. */
class Pseudo {
  @lazy static readonly method: Text = Text.of(":method");
  @lazy static readonly path: Text = Text.of(":path");
  @lazy static readonly authority: Text = Text.of(":authority");
  @lazy static readonly status: Text = Text.of(":status");
}

/** The answer, readable while `onHttpResponse` runs. */
@final
export class HttpResponse {
  readonly headers: Headers = new Headers(MapType.HttpCallResponseHeaders);
  readonly body: Body = new Body(BufferType.HttpCallResponseBody);
  readonly trailers: Headers = new Headers(MapType.HttpCallResponseTrailers);
  /** There is no answer: refused, reset, too large, or not in time. */
  failed: bool = false;

  /** The answer's status, 0 when there is none. */
  get status(): i32 {
    if (this.failed) return 0;
    const value = this.headers.read(Pseudo.status);
    if (value === null || value.size != 3) return 0;
    return (<i32>value.byteAt(0) - 48) * 100 + (<i32>value.byteAt(1) - 48) * 10 + (<i32>value.byteAt(2) - 48);
  }
}

/** One object for all answers: only one is read at a time. Lazy: a filter that never asks does not make it. */
export class HttpResponses {
  @lazy static readonly only: HttpResponse = new HttpResponse();
}

/** In one word how the last callout failed, or the text beside the last gRPC status. Allocates. */
export function calloutFailure(): string {
  if (proxy_get_status(out + 8, out, out + 4) != Status.Ok) return "";
  return String.UTF8.decodeUnsafe(outPointer(), outSize());
}
