// The behaviour filter with @solo-io/proxy-runtime. What each behaviour does is in ../../cases.ts; the guests do the
// same under the same names. Where a wrapper of the SDK is wrong, its own declaration of the hostcall is called instead;
// what it does not declare, or declares with the wrong parameters, is missing here and named in ../../guests.ts.

export * from "@solo-io/proxy-runtime/proxy";
import {
  Context,
  Counter,
  FilterHeadersStatusValues,
  FilterTrailersStatusValues,
  Gauge,
  GrpcStatusValues,
  HeaderPair,
  Headers,
  Histogram,
  LogLevelValues,
  RootContext,
  WasmResultValues,
  continue_request,
  log,
  proxy_set_effective_context,
  registerRootContext,
  send_local_response,
  stream_context,
} from "@solo-io/proxy-runtime";
import {
  BufferTypeValues,
  enqueue_shared_queue,
  get_buffer_bytes,
  get_current_time_nanoseconds,
  register_shared_queue,
  set_property,
  set_tick_period_milliseconds,
} from "@solo-io/proxy-runtime/runtime";
import { free } from "@solo-io/proxy-runtime/malloc";
import * as hostcalls from "@solo-io/proxy-runtime/imports";

const TICK_MS: u32 = 100;
const CALL_MS: u32 = 1000;
const QUEUE = "behaviour";

/** Where a hostcall writes a pointer, a size and one number more. */
const OUT = memory.data(12);

function outBytes(): ArrayBuffer {
  const start = load<u32>(OUT);
  const bytes = new ArrayBuffer(load<u32>(OUT, 4));
  if (bytes.byteLength == 0) return bytes;
  memory.copy(changetype<usize>(bytes), start, bytes.byteLength);
  free(start);
  return bytes;
}

// Shared data: the SDK's get takes its out-pointers from a value, and its set writes them where the value belongs.

let lastCas: u32 = 0;

function getShared(key: string): string {
  const name = String.UTF8.encode(key);
  lastCas = 0;
  const status = hostcalls.proxy_get_shared_data(changetype<usize>(name), name.byteLength, OUT, OUT + 4, OUT + 8);
  if (status != WasmResultValues.Ok) return "";
  lastCas = load<u32>(OUT, 8);
  return String.UTF8.decode(outBytes());
}

function setShared(key: string, value: string, cas: u32): u32 {
  const name = String.UTF8.encode(key);
  const bytes = String.UTF8.encode(value);
  const start = changetype<usize>(bytes);
  return hostcalls.proxy_set_shared_data(changetype<usize>(name), name.byteLength, start, bytes.byteLength, cas);
}

/** A number kept as text; 0 and no cas when nobody has set it. */
function sharedNumber(key: string): i32 {
  const text = getShared(key);
  return text.length == 0 ? 0 : <i32>parseInt(text, 10);
}

// Properties: the SDK's get throws when there is none.

function property(path: string): ArrayBuffer | null {
  const name = String.UTF8.encode(path);
  const status = hostcalls.proxy_get_property(changetype<usize>(name), name.byteLength, OUT, OUT + 4);
  return status == WasmResultValues.Ok ? outBytes() : null;
}

function textProperty(path: string): string {
  const value = property(path);
  return value === null ? "" : String.UTF8.decode(value as ArrayBuffer);
}

/** The ABI's integers are eight bytes, little-endian. */
function numberProperty(path: string): string {
  const value = property(path);
  if (value === null) return "absent";
  const bytes = value as ArrayBuffer;
  return bytes.byteLength == 8 ? load<i64>(changetype<usize>(bytes)).toString() : "absent";
}

// The SDK declares foreign functions and wraps them in nothing.

function callForeign(name: string, args: ArrayBuffer): u32 {
  const bytes = String.UTF8.encode(name);
  const start = changetype<usize>(args);
  const named = changetype<usize>(bytes);
  return hostcalls.proxy_call_foreign_function(named, bytes.byteLength, start, args.byteLength, OUT, OUT + 4);
}

function pair(name: string, value: string): HeaderPair {
  return new HeaderPair(String.UTF8.encode(name), String.UTF8.encode(value));
}

function reply(status: u32, body: string, headers: Headers): void {
  send_local_response(status, "", String.UTF8.encode(body), headers, <GrpcStatusValues>-1);
}

class Plugin extends RootContext {
  label: string = "";
  queue: u32 = 0;
  requests: Counter | null = null;
  level: Gauge | null = null;
  sizes: Histogram | null = null;

  createContext(id: u32): Context {
    return new Stream(id, this);
  }

  onConfigure(size: u32): bool {
    const configuration = String.UTF8.decode(get_buffer_bytes(BufferTypeValues.PluginConfiguration, 0, size));
    const key = '"label":"';
    const start = configuration.indexOf(key);
    if (start < 0) return false;
    const rest = configuration.substring(start + key.length);
    this.label = rest.substring(0, rest.indexOf('"'));
    set_tick_period_milliseconds(TICK_MS);
    // The SDK passes the token on as the place to write it to.
    if (register_shared_queue(QUEUE, <u32>OUT) != WasmResultValues.Ok) return false;
    this.queue = load<u32>(OUT);
    this.requests = new Counter("behaviour.requests");
    this.level = new Gauge("behaviour.level");
    this.sizes = new Histogram("behaviour.sizes");
    return true;
  }

  onTick(): void {
    const ticks = sharedNumber("ticks");
    setShared("ticks", (ticks + 1).toString(), lastCas);
    const held = sharedNumber("held");
    if (held == 0) return;
    setShared("held", "0", 0);
    proxy_set_effective_context(held);
    stream_context.headers.request.replace("x-held", "yes");
    continue_request();
  }

  onQueueReady(token: u32): void {
    // The SDK's dequeue does not compile: a field of its answer is never set.
    while (hostcalls.proxy_dequeue_shared_queue(token, OUT, OUT + 4) == WasmResultValues.Ok) {
      const item = String.UTF8.decode(outBytes());
      setShared("consumed", (sharedNumber("consumed") + 1).toString(), 0);
      setShared("last item", item, 0);
    }
  }
}

class Stream extends Context {
  plugin: Plugin;
  behaviour: string = "";

  constructor(id: u32, plugin: Plugin) {
    super(id, plugin);
    this.plugin = plugin;
  }

  onRequestHeaders(count: u32, endOfStream: bool): FilterHeadersStatusValues {
    const headers = stream_context.headers.request;
    this.behaviour = headers.get("x-behaviour");
    const behaviour = this.behaviour;
    if (behaviour == "configuration") headers.replace("x-label", this.plugin.label);
    if (behaviour == "headers") this.editRequestHeaders();
    if (behaviour == "timer") headers.replace("x-ticks", sharedNumber("ticks").toString());
    if (behaviour == "shared") this.countVisit();
    if (behaviour == "enqueue") enqueue_shared_queue(this.plugin.queue, String.UTF8.encode(headers.get("x-item")));
    if (behaviour == "consumed") {
      headers.replace("x-consumed", sharedNumber("consumed").toString() + ":" + getShared("last item"));
    }
    if (behaviour == "foreign") this.callForeign();
    if (behaviour == "properties") this.showProperties();
    if (behaviour == "metrics") this.count();
    if (behaviour == "clock") headers.replace("x-now", (get_current_time_nanoseconds() / 1000000000).toString());
    if (behaviour == "trap") assert(false, "on purpose");
    if (behaviour == "log") {
      log(LogLevelValues.debug, "a debug line");
      log(LogLevelValues.info, "an info line");
      log(LogLevelValues.warn, "a warn line");
      log(LogLevelValues.error, "an error line");
    }
    if (behaviour == "reply") {
      reply(418, "short and stout", [pair("x-reply", "one"), pair("x-reply", "two")]);
      return FilterHeadersStatusValues.StopIteration;
    }
    if (behaviour == "hold") {
      setShared("held", this.context_id.toString(), 0);
      return FilterHeadersStatusValues.StopIteration;
    }
    if (behaviour == "callout") {
      this.callOut();
      return FilterHeadersStatusValues.StopIteration;
    }
    return FilterHeadersStatusValues.Continue;
  }

  onRequestTrailers(count: u32): FilterTrailersStatusValues {
    if (this.behaviour == "trailers") {
      const trailers = stream_context.trailers.request;
      trailers.replace("x-sum", trailers.get("x-sum") + ", seen");
    }
    return FilterTrailersStatusValues.Continue;
  }

  onResponseHeaders(count: u32, endOfStream: bool): FilterHeadersStatusValues {
    const headers = stream_context.headers.response;
    const behaviour = this.behaviour;
    if (behaviour == "headers") {
      headers.replace("x-status", headers.get(":status"));
      headers.add("x-response", "one");
      headers.add("x-response", "two");
      headers.replace("server", "behaviour");
      headers.remove("x-internal");
    }
    if (behaviour == "properties") {
      headers.replace("x-code", numberProperty("response\0code"));
      headers.replace("x-mark", textProperty("behaviour_mark"));
    }
    if (behaviour == "reply-to-response") {
      reply(502, "replaced", [pair("x-reply", "late")]);
      return FilterHeadersStatusValues.StopIteration;
    }
    return FilterHeadersStatusValues.Continue;
  }

  onLog(): void {
    if (this.behaviour == "log") log(LogLevelValues.info, "over: " + stream_context.headers.request.get(":path"));
  }

  private editRequestHeaders(): void {
    const headers = stream_context.headers.request;
    let name = headers.get("x-name");
    if (name.length == 0) name = "absent";
    headers.replace("x-got", name);
    headers.add("x-added", "one");
    headers.add("x-added", "two");
    headers.replace("x-replaced", "new");
    headers.remove("x-removed");
    const all = headers.get_headers();
    let pairs = "";
    for (let i = 0; i < all.length; i++) {
      if (!String.UTF8.decode(all[i].key).startsWith("x-pair-")) continue;
      if (pairs.length > 0) pairs += ",";
      pairs += String.UTF8.decode(all[i].value);
    }
    headers.replace("x-pairs", pairs);
  }

  /** One visit more, by compare-and-swap; then the same swap again, which must miss. */
  private countVisit(): void {
    const visits = (sharedNumber("visits") + 1).toString();
    const cas = lastCas;
    setShared("visits", visits, cas);
    let stale = "none";
    if (cas != 0) stale = setShared("visits", "0", cas) == WasmResultValues.CasMismatch ? "mismatch" : "swapped";
    stream_context.headers.request.replace("x-visits", visits);
    stream_context.headers.request.replace("x-stale", stale);
  }

  private callOut(): void {
    const request = stream_context.headers.request;
    const headers = [
      pair(":method", "POST"),
      pair(":path", "/ask"),
      pair(":authority", "answers"),
      pair("x-ask", request.get("x-name")),
    ];
    const body = String.UTF8.encode("question");
    const answered = (origin: Context, count: u32, bodySize: usize, trailers: u32): void => {
      if (count == 0) {
        reply(503, "no answer", []);
        return;
      }
      const answer = stream_context.headers.http_callback;
      const request = stream_context.headers.request;
      const body = get_buffer_bytes(BufferTypeValues.HttpCallResponseBody, 0, <u32>bodySize);
      request.replace("x-answer", answer.get("x-answer"));
      request.replace("x-answer-status", answer.get(":status"));
      request.replace("x-answer-body", String.UTF8.decode(body));
      continue_request();
    };
    const sent = this.plugin.httpCall(request.get("x-cluster"), headers, body, [], CALL_MS, this, answered);
    if (sent != WasmResultValues.Ok) reply(500, "refused", []);
  }

  private callForeign(): void {
    const headers = stream_context.headers.request;
    callForeign("compress", String.UTF8.encode("there and back"));
    callForeign("uncompress", outBytes());
    headers.replace("x-foreign", String.UTF8.decode(outBytes()));
    const status = callForeign("missing", new ArrayBuffer(0));
    headers.replace("x-missing", status == WasmResultValues.NotFound ? "not found" : "found");
  }

  private showProperties(): void {
    const headers = stream_context.headers.request;
    headers.replace("x-method", textProperty("request\0method"));
    headers.replace("x-header", textProperty("request\0headers\0x-name"));
    headers.replace("x-source-port", numberProperty("source\0port"));
    headers.replace("x-time", numberProperty("request\0time"));
    const mtls = property("connection\0mtls");
    let isMtls = "absent";
    if (mtls !== null) isMtls = load<u8>(changetype<usize>(mtls as ArrayBuffer)) == 1 ? "true" : "false";
    headers.replace("x-mtls", isMtls);
    headers.replace("x-unknown", property("behaviour\0unknown") === null ? "absent" : "there");
    set_property("behaviour_mark", String.UTF8.encode("left"));
  }

  private count(): void {
    const requests = this.plugin.requests as Counter;
    const level = this.plugin.level as Gauge;
    const sizes = this.plugin.sizes as Histogram;
    requests.increment(1);
    level.record(level.metric_id, 42);
    level.increment(-2);
    sizes.record(sizes.metric_id, 7);
    // The SDK's get records.
    hostcalls.proxy_get_metric(requests.metric_id, OUT);
    stream_context.headers.request.replace("x-requests", load<u64>(OUT).toString());
  }
}

registerRootContext((id: u32): RootContext => new Plugin(id), "behaviour");
