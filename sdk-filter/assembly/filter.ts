// The class every filter extends. One object per plugin, made when its root context is created; the callbacks in
// exports.ts find it here. What a check leaves in fields is put back before the next one.

import { out, outPointer, outSize } from "./arena";
import { proxy_get_buffer_bytes, proxy_set_tick_period_milliseconds } from "./generated/hostcalls";
import { Decodable, JsonReader } from "./json";
import { log } from "./log";
import { Message, Messages } from "./message";
import { Record } from "./record";
import { startRefused } from "./start";
import { Status } from "./generated/enums";
import { Stream } from "./stream";
import { ReplyFields } from "./reply-fields";
import { Verdict, denyRequest, denyRequestWith } from "./verdict";
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
