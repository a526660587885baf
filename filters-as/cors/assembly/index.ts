// cors: cross-origin resource sharing as browsers do it (Fetch standard, 3.2).
//
//   request    OPTIONS with Origin and Access-Control-Request-Method is a preflight: answered here, 204 or 403
//   response   every answer, this filter's own included, gets the fields for the origin that asked, and loses the upstream's
//
// Which fields a response has depends on the origin, so caches are told (Vary), also where nobody asked from elsewhere.

import {
  Action,
  Attribute,
  Filter,
  KeyPart,
  KeyState,
  ReusedStream,
  Stream,
  Text,
  Value,
  filter,
} from "@sluice/sdk-filter/assembly";
import { Config } from "./config";
import { CorsPolicy } from "./cors-policy";
import { PolicyCompiler } from "./policy-compiler";

export * from "@sluice/sdk-filter/assembly/exports";

const ALLOW_ORIGIN: Text = Text.of("access-control-allow-origin");
const ALLOW_CREDENTIALS: Text = Text.of("access-control-allow-credentials");
const EXPOSE_HEADERS: Text = Text.of("access-control-expose-headers");
const REQUEST_METHOD: Text = Text.of("access-control-request-method");
const VARY: Text = Text.of("vary");
const METHOD: Text = Text.of(":method");
const OPTIONS: Text = Text.of("OPTIONS");
const STAR: Text = Text.of("*");
const TRUE: Text = Text.of("true");
const ORIGIN: Text = Text.of("origin");

class Cors extends Filter<Config> {
  policy: CorsPolicy = new CorsPolicy();
  origin: KeyPart = KeyPart.parse("header:origin")!;
  vary: Attribute = Attribute.of("response.headers[vary]");

  configure(config: Config): bool {
    return new PolicyCompiler(this.policy).compile(config);
  }

  newStream(): Stream | null {
    return new CorsStream(this);
  }

  /** The origin the request comes from, when it may be here; null also when there are two, which no browser sends. */
  allowedOrigin(): Value | null {
    if (this.origin.read() != KeyState.Present) return null;
    return this.policy.allows(this.origin.value) ? this.origin.value : null;
  }
}

@final
class CorsStream extends ReusedStream {
  private readonly cors: Cors;

  constructor(cors: Cors) {
    super();
    this.cors = cors;
  }

  begin(): void {}

  requestHeaders(endOfStream: bool): Action {
    const headers = this.request.headers;
    if (!headers.is(METHOD, OPTIONS) || !headers.has(REQUEST_METHOD) || !headers.has(ORIGIN)) return Action.Continue;
    if (this.cors.allowedOrigin() !== null) this.replyWith(204, this.cors.policy.preflight, "", "cors-preflight");
    else this.reply(403, "origin not allowed\n", "cors-origin");
    return Action.Pause;
  }

  responseHeaders(endOfStream: bool): Action {
    const policy = this.cors.policy;
    const headers = this.response.headers;
    // The same for everybody: nothing varies, and a copy kept by a cache serves every page.
    if (policy.allowsAll) headers.set(ALLOW_ORIGIN, STAR);
    else {
      const origin = this.cors.allowedOrigin();
      if (origin !== null) headers.setValue(ALLOW_ORIGIN, origin);
      else headers.remove(ALLOW_ORIGIN);
      if (origin !== null && policy.credentials) headers.set(ALLOW_CREDENTIALS, TRUE);
      else headers.remove(ALLOW_CREDENTIALS);
      this.varyByOrigin();
    }
    const exposed = policy.exposed;
    if (exposed !== null) headers.set(EXPOSE_HEADERS, exposed);
    else headers.remove(EXPOSE_HEADERS);
    return Action.Continue;
  }

  /** A line of its own beside the upstream's, unless one of them says it already. */
  private varyByOrigin(): void {
    const lines = this.cors.vary.values();
    while (lines !== null && lines.next()) if (namesOrigin(lines.name)) return;
    this.response.headers.add(VARY, ORIGIN);
  }
}

/** Is `origin`, in whatever case, or `*` in a list like `accept-encoding, Origin`? */
function namesOrigin(list: Value): bool {
  for (let at = 0; at < list.size;) {
    const comma = list.indexOf(0x2c, at);
    const end = comma < 0 ? list.size : comma;
    while (at < end && list.byteAt(at) == 0x20) at++;
    let size = end - at;
    while (size > 0 && list.byteAt(at + size - 1) == 0x20) size--;
    if (size == 1 && list.byteAt(at) == 0x2a) return true;
    if (size == ORIGIN.size && isOrigin(list, at)) return true;
    at = end + 1;
  }
  return false;
}

function isOrigin(list: Value, at: i32): bool {
  for (let i = 0; i < ORIGIN.size; i++) if ((list.byteAt(at + i) | 0x20) != ORIGIN.byteAt(i)) return false;
  return true;
}

filter<Cors>();
