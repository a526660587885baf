// The behaviour filter with our SDK. What each behaviour does is in ../../cases.ts; the guests do the same under the
// same names.

import {
  Action,
  Filter,
  ForeignFunction,
  GrpcMethod,
  HeaderVisitor,
  Headers,
  HttpRequest,
  HttpResponse,
  Metric,
  ReplyFields,
  SharedData,
  SharedQueue,
  Stream,
  Text,
  Value,
  clock,
  filter,
  log,
  property,
} from "@sluice/sdk-filter/assembly";
import { Config } from "./config";

export * from "@sluice/sdk-filter/assembly/exports";

const TICK_MS: i32 = 100;
const CALL_MS: i32 = 1000;
const ONE: Text = Text.of("one");
const TWO: Text = Text.of("two");
const NEW: Text = Text.of("new");
const ADDED: Text = Text.of("x-added");
const REPLACED: Text = Text.of("x-replaced");
const REMOVED: Text = Text.of("x-removed");
const LENGTH: Text = Text.of("content-length");
const REPLY: Text = Text.of("x-reply");
const RESPONSE: Text = Text.of("x-response");
const SUM: Text = Text.of("x-sum");
const PAIR: Text = Text.of("x-pair-");

class Behaviour extends Filter<Config> {
  label: string = "";
  held: BehaviourStream | null = null;
  readonly ticks: SharedData = new SharedData("ticks");
  readonly visits: SharedData = new SharedData("visits");
  readonly consumed: SharedData = new SharedData("consumed");
  readonly lastItem: SharedData = new SharedData("last item");
  queue: SharedQueue | null = null;
  readonly requests: Metric = Metric.counter("behaviour.requests");
  readonly level: Metric = Metric.gauge("behaviour.level");
  readonly sizes: Metric = Metric.histogram("behaviour.sizes");

  configure(config: Config): bool {
    this.label = config.label;
    this.queue = SharedQueue.receive("behaviour");
    return this.queue !== null && this.tickEvery(TICK_MS);
  }

  tick(): void {
    this.ticks.swap((numberIn(this.ticks) + 1).toString());
    const held = this.held;
    if (held === null) return;
    this.held = null;
    if (!held.enter()) return;
    this.request.headers.setString(Text.of("x-held"), "yes");
    held.resumeRequest();
  }

  onQueueReady(id: u32): void {
    const queue = this.queue!;
    for (let item = queue.take(); item !== null; item = queue.take()) {
      this.consumed.set((numberIn(this.consumed) + 1).toString());
      this.lastItem.set(item.toString());
    }
  }

  newStream(): Stream {
    return new BehaviourStream(this);
  }
}

/** A number kept as text; 0 when nobody has set it. */
function numberIn(shared: SharedData): i32 {
  const value = shared.read();
  return value === null ? 0 : I32.parseInt(value.toString());
}

class PairValues extends HeaderVisitor {
  readonly values: string[] = [];
  header(name: Value, value: Value): void {
    if (name.startsWith(PAIR)) this.values.push(value.toString());
  }
}

class BehaviourStream extends Stream {
  private readonly plugin: Behaviour;
  private behaviour: string = "";
  /** From a gRPC stream, in order. */
  private readonly heard: string[] = [];

  constructor(plugin: Behaviour) {
    super();
    this.plugin = plugin;
  }

  requestHeaders(endOfStream: bool): Action {
    this.behaviour = this.header("x-behaviour");
    const behaviour = this.behaviour;
    if (behaviour == "configuration") this.show("x-label", this.plugin.label);
    if (behaviour == "headers") this.editRequestHeaders();
    if (behaviour == "body") this.request.headers.remove(LENGTH);
    if (behaviour == "timer") this.show("x-ticks", numberIn(this.plugin.ticks).toString());
    if (behaviour == "shared") this.countVisit();
    if (behaviour == "enqueue") this.plugin.queue!.push(this.header("x-item"));
    if (behaviour == "consumed") this.showConsumed();
    if (behaviour == "foreign") this.callForeign();
    if (behaviour == "properties") this.showProperties();
    if (behaviour == "metrics") this.count();
    if (behaviour == "clock") this.show("x-now", (clock.nowMs() / 1000).toString());
    if (behaviour == "trap") assert(false, "on purpose");
    if (behaviour == "log") {
      log.debug("a debug line");
      log.info("an info line");
      log.warn("a warn line");
      log.error("an error line");
    }
    if (behaviour == "reply") return this.answer(418, [ONE, TWO], "short and stout");
    if (behaviour == "callout") return this.callOut();
    if (behaviour == "grpc") return this.callGrpc();
    if (behaviour == "grpc-stream") return this.streamGrpc();
    if (behaviour == "hold") {
      this.plugin.held = this;
      return Action.Pause;
    }
    return Action.Continue;
  }

  requestBody(bodyBytes: i32, endOfStream: bool): Action {
    if (this.behaviour != "body") return Action.Continue;
    if (!endOfStream) return Action.Pause;
    this.request.body.prepend("[");
    this.request.body.append("]");
    return Action.Continue;
  }

  requestTrailers(): Action {
    const trailers = this.request.trailers;
    if (this.behaviour == "trailers") trailers.setString(SUM, trailers.get(SUM)! + ", seen");
    return Action.Continue;
  }

  responseHeaders(endOfStream: bool): Action {
    const headers = this.response.headers;
    if (this.behaviour == "headers") {
      headers.setString(Text.of("x-status"), headers.get(Text.of(":status"))!);
      headers.add(RESPONSE, ONE);
      headers.add(RESPONSE, TWO);
      headers.setString(Text.of("server"), "behaviour");
      headers.remove(Text.of("x-internal"));
    }
    if (this.behaviour == "body") headers.remove(LENGTH);
    if (this.behaviour == "properties") {
      headers.setString(Text.of("x-code"), numberProperty(["response", "code"]));
      headers.setString(Text.of("x-mark"), textProperty(["behaviour_mark"]));
    }
    if (this.behaviour == "reply-to-response") return this.answer(502, [Text.of("late")], "replaced");
    return Action.Continue;
  }

  responseBody(bodyBytes: i32, endOfStream: bool): Action {
    if (this.behaviour != "body") return Action.Continue;
    if (!endOfStream) return Action.Pause;
    this.response.body.replace("{" + this.response.body.text() + "}");
    return Action.Continue;
  }

  log(): void {
    if (this.behaviour == "log") log.info("over: " + this.header(":path"));
  }

  onHttpResponse(id: u32, response: HttpResponse): void {
    if (response.failed) return this.reply(503, "no answer");
    this.show("x-answer", response.headers.get(Text.of("x-answer"))!);
    this.show("x-answer-status", response.status.toString());
    this.show("x-answer-body", response.body.text());
    this.resumeRequest();
  }

  onGrpcMetadata(id: u32, metadata: Headers): void {
    this.heard.push(metadata.get(Text.of("x-first"))!);
  }

  onGrpcMessage(id: u32, message: Value): void {
    this.heard.push(message.toString());
    if (this.behaviour == "grpc") this.showHeard();
  }

  onGrpcTrailers(id: u32, metadata: Headers): void {
    this.heard.push(metadata.get(Text.of("x-last"))!);
  }

  onGrpcClose(id: u32, status: i32): void {
    if (this.behaviour == "grpc") return this.reply(503, "grpc status " + status.toString());
    this.heard.push(status.toString());
    this.showHeard();
  }

  private showHeard(): void {
    this.show("x-grpc", this.heard.join(";"));
    this.resumeRequest();
  }

  private header(name: string): string {
    const value = this.request.headers.get(Text.of(name));
    return value === null ? "" : value;
  }

  private show(name: string, value: string): void {
    this.request.headers.setString(Text.of(name), value);
  }

  private answer(status: i32, replies: Text[], body: string): Action {
    const fields = new ReplyFields();
    for (let i = 0; i < replies.length; i++) fields.add(REPLY, replies[i]);
    this.replyWith(status, fields, body);
    return Action.Pause;
  }

  private editRequestHeaders(): void {
    const headers = this.request.headers;
    const name = headers.get(Text.of("x-name"));
    this.show("x-got", name === null ? "absent" : name);
    headers.add(ADDED, ONE);
    headers.add(ADDED, TWO);
    headers.set(REPLACED, NEW);
    headers.remove(REMOVED);
    const pairs = new PairValues();
    headers.forEach(pairs);
    this.show("x-pairs", pairs.values.join(","));
  }

  /** One visit more, by compare-and-swap; then the same swap again, which must miss. */
  private countVisit(): void {
    const shared = this.plugin.visits;
    const isFirst = shared.read() === null;
    const visits = (numberIn(shared) + 1).toString();
    shared.swap(visits);
    this.show("x-visits", visits);
    this.show("x-stale", isFirst ? "none" : shared.swap("0") ? "swapped" : "mismatch");
  }

  private showConsumed(): void {
    const last = this.plugin.lastItem.read();
    const item = last === null ? "" : last.toString();
    this.show("x-consumed", numberIn(this.plugin.consumed).toString() + ":" + item);
  }

  private callOut(): Action {
    const request = new HttpRequest("POST", "/ask", "answers");
    request.add(Text.of("x-ask"), Text.of(this.header("x-name")));
    request.setBody("question");
    if (this.http(this.cluster(), request, CALL_MS) == 0) this.reply(500, "refused");
    return Action.Pause;
  }

  private callGrpc(): Action {
    const method = new GrpcMethod("behaviour.Echo", "Say");
    method.metadata.add(Text.of("x-meta"), Text.of("data"));
    const id = this.grpcCall(this.cluster(), method, String.UTF8.encode("hello"), CALL_MS);
    if (id == 0) this.reply(500, "refused");
    return Action.Pause;
  }

  private streamGrpc(): Action {
    const stream = this.grpcStream(this.cluster(), new GrpcMethod("behaviour.Echo", "Chat"))!;
    stream.send(String.UTF8.encode("ping"));
    stream.send(String.UTF8.encode("pong"), true);
    return Action.Pause;
  }

  private cluster(): Text {
    return Text.of(this.header("x-cluster"));
  }

  private callForeign(): void {
    const packed = new ForeignFunction("compress").call("there and back")!;
    const bytes = new ArrayBuffer(packed.size);
    memory.copy(changetype<usize>(bytes), packed.start, packed.size);
    this.show("x-foreign", new ForeignFunction("uncompress").callBytes(bytes)!.toString());
    const missing = new ForeignFunction("missing");
    missing.call();
    this.show("x-missing", missing.status == 1 ? "not found" : "found");
  }

  private showProperties(): void {
    this.show("x-method", textProperty(["request", "method"]));
    this.show("x-header", textProperty(["request", "headers", "x-name"]));
    this.show("x-source-port", numberProperty(["source", "port"]));
    this.show("x-time", numberProperty(["request", "time"]));
    const mtls = property.read(["connection", "mtls"]);
    this.show("x-mtls", mtls === null ? "absent" : mtls.byteAt(0) == 1 ? "true" : "false");
    this.show("x-unknown", property.read(["behaviour", "unknown"]) === null ? "absent" : "there");
    property.set(["behaviour_mark"], "left");
  }

  private count(): void {
    const requests = this.plugin.requests;
    requests.increment();
    this.plugin.level.record(42);
    this.plugin.level.increment(-2);
    this.plugin.sizes.record(7);
    this.show("x-requests", requests.read().toString());
  }
}

function textProperty(path: string[]): string {
  const value = property.read(path);
  return value === null ? "" : value.toString();
}

/** The ABI's integers are eight bytes, little-endian. */
function numberProperty(path: string[]): string {
  const value = property.read(path);
  return value !== null && value.size == 8 ? load<i64>(value.start).toString() : "absent";
}

filter<Behaviour>();
