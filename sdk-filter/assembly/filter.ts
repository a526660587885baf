// The class every filter extends. One object per plugin, made when its root context is created; the callbacks in
// exports.ts find it here. What a check leaves in fields is put back before the next one.

import { out, outPointer, outSize } from "./arena";
import { Text, Value } from "./bytes";
import { GrpcMethod, GrpcStream } from "./grpc-callout";
import { Headers } from "./headers";
import { HttpRequest, HttpResponse } from "./http-callout";
import { proxy_get_buffer_bytes, proxy_set_tick_period_milliseconds } from "./generated/hostcalls";
import { Decodable, JsonReader } from "./json";
import { log } from "./log";
import { Message, Messages } from "./message";
import { Record } from "./record";
import { startRefused } from "./start";
import { Status } from "./generated/enums";
import { Stream } from "./stream";
import { ReplyFields } from "./reply-fields";
import { Verdict, completePendingCheck, denyRequest, denyRequestWith } from "./verdict";
import { BufferType } from "./generated/enums";

/** What exports.ts knows of a filter, whatever its configuration is. */
export abstract class Plugin {
  /** Objects of ReusedStream that no stream has now. */
  readonly idleStreams: Stream[] = [];

  get request(): Message {
    return Messages.request;
  }
  get response(): Message {
    return Messages.response;
  }
  /** What this filter adds to the record of a stream. */
  get record(): Record {
    return Record.current;
  }

  abstract start(configurationBytes: i32): bool;

  /** May this request pass? Asked before anything of it goes on. */
  check(): Verdict {
    return Verdict.NoOpinion;
  }
  /** The stream is over: add to its record. */
  report(): void {}
  /** Called every `tickEvery` milliseconds. */
  tick(): void {}
  /** A stream of your own class, when the filter has phases of its own. */
  newStream(): Stream | null {
    return null;
  }

  /**
   * Sends a request to a cluster. Its id; the answer, or word that there is none, comes once to `onHttpResponse`. 0 when the host
   * refuses: the capability `callout` is missing, there is no such cluster, or too much is out. `timeoutMs` is at most a minute.
   */
  http(cluster: Text, request: HttpRequest, timeoutMs: i32): u32 {
    return request.send(cluster, timeoutMs, 0);
  }
  /** Calls a gRPC method: its message comes to `onGrpcMessage`, or another status than 0 to `onGrpcClose`. 0 as for `http`. */
  grpcCall(cluster: Text, method: GrpcMethod, message: ArrayBuffer, timeoutMs: i32): u32 {
    return method.call(cluster, message, timeoutMs, 0);
  }
  /** Opens a gRPC stream; null where `http` says 0. */
  grpcStream(cluster: Text, method: GrpcMethod): GrpcStream | null {
    return method.open(cluster, 0);
  }

  /** An answer to `http` of the plugin's; hostcalls mean the stream whose check asked. */
  onHttpResponse(id: u32, response: HttpResponse): void {}
  /** A message of a gRPC call or stream. Of a call nothing follows. Valid during the call. */
  onGrpcMessage(id: u32, message: Value): void {}
  /** A gRPC stream is over, or a call failed; `calloutFailure()` is the text beside the status. */
  onGrpcClose(id: u32, status: i32): void {}
  /** A gRPC stream's metadata, before and behind its messages. */
  onGrpcMetadata(id: u32, metadata: Headers): void {}
  onGrpcTrailers(id: u32, metadata: Headers): void {}

  /** Ends the check that answered `Verdict.Pending`, in the answer's callback; `deny` makes the verdict as in `check`. */
  completeCheck(verdict: Verdict): bool {
    return completePendingCheck(verdict);
  }

  /** An item came into a queue that this plugin receives; another worker may have taken it. */
  onQueueReady(queue: u32): void {}
  /** The host calls a function of the filter's. */
  onForeignFunction(id: u32, args: Value): void {}

  /** Denies the request; `reason` is short and machine-readable and stands in the record. */
  deny(reason: string, status: i32 = 403): Verdict {
    return denyRequest(reason, status);
  }

  /** `deny` with header fields and a text for the client; without a text the answer's body is empty. */
  denyWith(reason: string, status: i32, fields: ReplyFields, body: string = ""): Verdict {
    return denyRequestWith(reason, status, fields, body);
  }

  /** Asks for `tick` every so many milliseconds; 0 ends it. False when the slot does not grant the capability `timer`. */
  tickEvery(periodMs: i32): bool {
    return proxy_set_tick_period_milliseconds(periodMs) == Status.Ok;
  }
}

/** A filter with configuration `C`: the class that the build generates from filter.yaml into config.ts. */
export abstract class Filter<C extends Decodable> extends Plugin {
  /** Takes the configuration; false refuses the revision. Say why with `log.error`. */
  configure(config: C): bool {
    return true;
  }

  start(configurationBytes: i32): bool {
    const reader = openConfiguration(configurationBytes);
    const config = instantiate<C>();
    config.decode(reader);
    reader.finish();
    if (reader.error.length > 0) {
      log.error("configuration refused: " + reader.error);
      return false;
    }
    return this.configure(config) && !startRefused();
  }
}

/** For filters without configuration: `extends Filter<NoConfig>`. */
export class NoConfig extends Decodable {
  decode(reader: JsonReader): void {
    reader.beginObject();
    while (reader.nextKey()) reader.refuseKey("");
  }
}

/** `{}` */
const EMPTY_OBJECT: StaticArray<u8> = [0x7b, 0x7d];

function openConfiguration(bytes: i32): JsonReader {
  if (bytes == 0) return new JsonReader(changetype<usize>(EMPTY_OBJECT), EMPTY_OBJECT.length);
  const status = proxy_get_buffer_bytes(BufferType.PluginConfiguration, 0, bytes, out, out + 4);
  return status == Status.Ok ? new JsonReader(outPointer(), outSize()) : new JsonReader(0, 0);
}
