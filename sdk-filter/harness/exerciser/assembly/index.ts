// Does one thing of the SDK per request path, so that tests see each of them in the real host.

import {
  Action,
  Attribute,
  Filter,
  HeaderVisitor,
  Matcher,
  Metric,
  NoConfig,
  SharedData,
  Stream,
  Text,
  Value,
  Verdict,
  clock,
  filter,
  log,
  property,
} from "@sluice/sdk-filter/assembly";

export * from "@sluice/sdk-filter/assembly/exports";

const CLOSED: Text = Text.of("/closed");
const TRAP: Text = Text.of("/trap");
const FOREVER: Text = Text.of("/forever");
const UNAUTHENTICATED: Text = Text.of("/401");
const ROLE: Text = Text.of("x-role");
const ADMIN: Text = Text.of("admin");
const OLD: Text = Text.of("x-old");
const NEW: Text = Text.of("x-new");
const SEEN: Text = Text.of("x-seen");

class Exerciser extends Filter<NoConfig> {
  path: Attribute = Attribute.of("request.url_path");
  port: Attribute = Attribute.of("destination.port");
  roles: Attribute = Attribute.of("request.headers[x-role]");
  areas: Matcher = Matcher.prefixes();
  ticks: Metric = Metric.counter("ticks");
  checks: i32 = 0;
  shared: SharedData = new SharedData("count");

  configure(config: NoConfig): bool {
    this.areas.add("/closed", 1);
    this.areas.add("/closed/but-open", 2);
    this.tickEvery(1000);
    return this.areas.ready();
  }

  check(): Verdict {
    this.checks++;
    this.record.setInteger("checks", this.checks);
    this.record.set("role", this.rolesText());
    this.record.setInteger("port", this.port.integer(-1));
    if (this.path.is(TRAP)) assert(false, "asked for");
    while (this.path.is(FOREVER)) this.checks++;
    if (this.path.is(UNAUTHENTICATED)) return this.deny("who-are-you", 401);
    if (this.path.startsWith(CLOSED) && this.areas.classOf(this.path) == 1) return this.deny("closed", 418);
    return Verdict.Allow;
  }

  report(): void {
    this.record.setBoolean("reported", true);
  }

  tick(): void {
    this.ticks.increment();
    this.shared.read();
    this.shared.swap(`${clock.nowMs()}`);
  }

  newStream(): Stream | null {
    return new ExerciserStream(this);
  }

  private rolesText(): string {
    const values = this.roles.values();
    if (values === null) return "-";
    let text = "";
    while (values.next()) text += values.name.toString() + ";";
    return text;
  }
}

class Counter extends HeaderVisitor {
  names: string = "";
  header(name: Value, value: Value): void {
    this.names += name.toString() + " ";
  }
}

class ExerciserStream extends Stream {
  private readonly filter: Exerciser;
  private requestBytes: i32 = 0;

  constructor(filter: Exerciser) {
    super();
    this.filter = filter;
  }

  requestHeaders(endOfStream: bool): Action {
    const headers = this.request.headers;
    if (headers.is(ROLE, ADMIN)) headers.set(SEEN, ADMIN);
    headers.remove(OLD);
    headers.add(NEW, ADMIN);
    headers.setString(NEW, "made at run time");
    const counter = new Counter();
    headers.forEach(counter);
    console.log(counter.names);
    property.set(["exerciser"], "left for later filters");
    const path = property.read(["request", "path"]);
    if (path !== null && path.toString() == "/reply") this.reply(299, "instead", "said-so");
    return Action.Continue;
  }

  requestBody(bodyBytes: i32, endOfStream: bool): Action {
    if (!endOfStream) return Action.Pause;
    this.requestBytes = this.request.body.read().size;
    this.request.body.append("!");
    return Action.Continue;
  }

  responseHeaders(endOfStream: bool): Action {
    this.response.headers.setString(SEEN, `${this.requestBytes} bytes`);
    const shared = this.filter.shared.read();
    if (shared !== null) this.response.headers.setString(NEW, shared.toString());
    return Action.Continue;
  }

  responseBody(bodyBytes: i32, endOfStream: bool): Action {
    if (!endOfStream) return Action.Pause;
    this.response.body.replace(this.response.body.text() + " and more");
    return Action.Continue;
  }

  log(): void {
    const left = property.read(["exerciser"]);
    log.warn(left === null ? "nothing left" : left.toString());
  }
}

filter<Exerciser>();
