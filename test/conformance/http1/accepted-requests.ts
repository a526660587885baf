// Requests that must pass, and what the upstream must see where that differs from what llhttp understands of the client's
// own bytes: everything else is compared with llhttp's word.

import { chunked, get, HOST, line, post, repeat } from "./wire.ts";

export interface AcceptedRequests {
  readonly name: string;
  readonly sent: string;
  /** What differs upstream, a request each. */
  readonly differs?: readonly { readonly target?: string; readonly host?: string }[];
  /** Fields that must not be there. */
  readonly absent?: readonly string[];
  /** llhttp does not read this: the requests the upstream must see, as `METHOD target body`. */
  readonly beyondLlhttp?: readonly string[];
  /** The client keeps its connection: it is still open behind the last answer. */
  readonly keepsAlive?: boolean;
}

const to = (target: string): NonNullable<AcceptedRequests["differs"]> => [{ target }];
const at = (host: string): NonNullable<AcceptedRequests["differs"]> => [{ host }];

export const ACCEPTED: readonly AcceptedRequests[] = [
  // Lines.
  { name: "a plain GET", sent: get(""), keepsAlive: true },
  { name: "HEAD", sent: line("HEAD / HTTP/1.1"), keepsAlive: true },
  { name: "OPTIONS of the server", sent: line("OPTIONS * HTTP/1.1") },
  { name: "DELETE without content", sent: line("DELETE /a HTTP/1.1") },
  { name: "a method with a hyphen", sent: line("M-SEARCH / HTTP/1.1") },
  { name: "a target with all it may hold", sent: line("GET /a-._~!$&'()*+,;=:@/%20?/?a=b HTTP/1.1") },
  { name: "a query with what a path may not have", sent: line("GET /a?b=%2F%5C%00\\..//x HTTP/1.1") },
  { name: "an empty query", sent: line("GET /a? HTTP/1.1") },
  { name: "a long target", sent: line(`GET /${"a".repeat(3_000)} HTTP/1.1`) },
  { name: "one empty line first", sent: `\r\n${get("")}` },
  { name: "a target that names its host", sent: line("GET http://a.test/x?y HTTP/1.1"), differs: to("/x?y") },
  { name: "a target that names its host in capitals", sent: line("GET HTTP://A.TEST/x HTTP/1.1"), differs: to("/x") },
  { name: "a target that is a host alone", sent: line("GET http://a.test HTTP/1.1"), differs: to("/") },
  // Paths in their one form.
  { name: "dot segments", sent: line("GET /a/./b/../c HTTP/1.1"), differs: to("/a/c") },
  { name: "dot segments past the root", sent: line("GET /../../a HTTP/1.1"), differs: to("/a") },
  { name: "encoded dot segments", sent: line("GET /a/%2e%2E/b HTTP/1.1"), differs: to("/b") },
  { name: "a dot segment at the end", sent: line("GET /a/.. HTTP/1.1"), differs: to("/") },
  { name: "double slashes", sent: line("GET //a///b HTTP/1.1"), differs: to("/a/b") },
  { name: "encoded unreserved bytes", sent: line("GET /%7Euser/%41 HTTP/1.1"), differs: to("/~user/A") },
  { name: "encoded reserved bytes, in capitals", sent: line("GET /a%3fb HTTP/1.1"), differs: to("/a%3Fb") },
  { name: "a percent-code of a percent sign", sent: line("GET /a%252e%252e/b HTTP/1.1") },
  { name: "UTF-8", sent: line("GET /%E2%82%AC HTTP/1.1") },
  // Hosts in their one form.
  { name: "a host in capitals", sent: "GET / HTTP/1.1\r\nHost: A.TeSt\r\n\r\n", differs: at("a.test") },
  { name: "a host with its root", sent: "GET / HTTP/1.1\r\nHost: a.test.\r\n\r\n", differs: at("a.test") },
  { name: "a host with the usual port", sent: "GET / HTTP/1.1\r\nHost: a.test:80\r\n\r\n", differs: at("a.test") },
  { name: "a host with another port", sent: "GET / HTTP/1.1\r\nHost: a.test:8080\r\n\r\n" },
  { name: "a host that is an IPv4 address", sent: "GET / HTTP/1.1\r\nHost: 192.0.2.1\r\n\r\n" },
  {
    name: "a host that is an IPv6 address",
    sent: "GET / HTTP/1.1\r\nHost: [2001:DB8::1]:81\r\n\r\n",
    differs: at("[2001:db8::1]:81"),
  },
  { name: "a host with an underscore", sent: "GET / HTTP/1.1\r\nHost: a_b.test\r\n\r\n" },
  { name: "a host without space behind the colon", sent: "GET / HTTP/1.1\r\nHost:a.test\r\n\r\n" },
  { name: "a host after other fields", sent: `GET / HTTP/1.1\r\nX-A: 1\r\n${HOST}\r\n` },
  // Fields.
  { name: "names in all cases", sent: get("X-MiXed: VaLuE\r\nx-small: 1\r\nX-BIG: 2\r\n") },
  { name: "names of every token character", sent: get("!#$%&'*+-.^`|~09az: 1\r\n") },
  { name: "no space behind the colon", sent: get("X-A:b\r\n") },
  { name: "much space around a value", sent: get("X-A: \t  b  \t \r\n") },
  { name: "space inside a value", sent: get("X-A: b \t c\r\n") },
  { name: "an empty value", sent: get("X-A:\r\n") },
  { name: "a value of spaces", sent: get("X-A:   \r\n") },
  { name: "obs-text in a value", sent: get("X-A: \x80\xe4\xff\r\n") },
  { name: "colons in a value", sent: get("X-A: :a:b: c\r\n") },
  { name: "quotes and backslashes in a value", sent: get('X-A: "a\\"b", c\r\n') },
  { name: "one name several times, in order", sent: get("X-A: 1\r\nX-B: x\r\nX-A: 2\r\nx-a: 1\r\n") },
  { name: "cookies", sent: get("Cookie: a=b; c=d\r\nCookie: e=f\r\n") },
  { name: "as many fields as there may be", sent: get(repeat("X-A: 1\r\n", 19)) },
  { name: "as long a head as there may be", sent: get(`X-A: ${"a".repeat(4_000)}\r\n`) },
  {
    name: "fields of one hop",
    sent: get("Keep-Alive: timeout=5\r\nTE: trailers\r\nProxy-Connection: close\r\nX-Keep: 1\r\n"),
    absent: ["keep-alive", "te", "proxy-connection"],
  },
  {
    name: "fields for a proxy",
    sent: get("Proxy: http://evil.test\r\nProxy-Authorization: Basic eDp5\r\nProxy-Status: x\r\n"),
    absent: ["proxy", "proxy-authorization"],
  },
  { name: "a nominated field", sent: get("X-Drop: 1\r\nX-Keep: 2\r\nConnection: x-drop\r\n"), absent: ["x-drop"] },
  {
    name: "a field nominated before it comes, in capitals",
    sent: get("Connection: X-DROP, , keep-alive\r\nx-drop: 1\r\nX-Drop: 2\r\n"),
    absent: ["x-drop"],
  },
  {
    name: "two Connection fields",
    sent: get("Connection: x-a\r\nConnection: x-b\r\nX-A: 1\r\nX-B: 2\r\nX-C: 3\r\n"),
    absent: ["x-a", "x-b"],
  },
  { name: "an empty Connection", sent: get("Connection:\r\n") },
  { name: "a mark of ours", sent: get("X-Sluice-User: root\r\n"), absent: ["x-sluice-user"] },
  {
    name: "claims about the client",
    sent: get("X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Port: 1\r\nForwarded: for=6.6.6.6\r\nX-Request-Id: mine\r\n"),
    absent: ["x-forwarded-port"],
  },
  { name: "a Trailer field", sent: get("Trailer: x-sum\r\n") },
  {
    name: "an Upgrade to HTTP/2",
    sent: get("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"),
    absent: ["upgrade", "http2-settings"],
    beyondLlhttp: ["GET / "],
  },
  { name: "an Upgrade that is not nominated", sent: get("Upgrade: websocket\r\n"), absent: ["upgrade"] },
  // Content.
  { name: "content of a length", sent: post("Content-Length: 5\r\n", "hello"), keepsAlive: true },
  {
    name: "content that looks like a request",
    sent: post("Content-Length: 38\r\n", "GET /smuggled HTTP/1.1\r\nHost: b.test\r\n"),
  },
  { name: "a length of 0", sent: post("Content-Length: 0\r\n", ""), keepsAlive: true },
  { name: "a length of 00", sent: post("Content-Length: 00\r\n", "") },
  { name: "a length with zeros before", sent: post("Content-Length: 0003\r\n", "abc") },
  { name: "a length with space around", sent: post("Content-Length: \t 3 \t\r\n", "abc") },
  { name: "GET with content", sent: get("Content-Length: 3\r\n") + "abc" },
  { name: "GET with chunks", sent: get("Transfer-Encoding: chunked\r\n") + "3\r\nabc\r\n0\r\n\r\n" },
  {
    name: "content of every byte",
    sent: post("Content-Length: 256\r\n", String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i))),
  },
  { name: "one chunk", sent: chunked("3\r\nabc\r\n0\r\n\r\n"), keepsAlive: true },
  { name: "many chunks", sent: chunked("1\r\na\r\n2\r\nbc\r\nA\r\n0123456789\r\n0\r\n\r\n") },
  { name: "no chunk but the last", sent: chunked("0\r\n\r\n") },
  { name: "sizes with zeros before", sent: chunked("0003\r\nabc\r\n000\r\n\r\n") },
  { name: "sizes in both cases", sent: chunked(`a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n`) },
  { name: "chunked in capitals", sent: post("Transfer-Encoding: CHUNKED\r\n", "1\r\na\r\n0\r\n\r\n") },
  { name: "chunked with space around", sent: post("Transfer-Encoding: \t chunked  \r\n", "1\r\na\r\n0\r\n\r\n") },
  { name: "chunks that look like framing", sent: chunked("5\r\n0\r\n\r\n\r\n0\r\n\r\n") },
  { name: "an extension", sent: chunked("1;a\r\nx\r\n0\r\n\r\n") },
  { name: "an extension with a value", sent: chunked("1;a=b\r\nx\r\n0\r\n\r\n") },
  { name: "an extension with quotes", sent: chunked('1;a="b;c \\" d"\r\nx\r\n0\r\n\r\n') },
  { name: "several extensions", sent: chunked('1;a;b=c;d="e"\r\nx\r\n0\r\n\r\n') },
  { name: "an extension of the last chunk", sent: chunked("1\r\nx\r\n0;a=b\r\n\r\n") },
  { name: "a long extension", sent: chunked(`1;${"a".repeat(254)}\r\nx\r\n0\r\n\r\n`) },
  {
    name: "extensions less than the content",
    sent: chunked(`${repeat(`80;s=${"f".repeat(64)}\r\n${"x".repeat(128)}\r\n`, 8)}0\r\n\r\n`),
  },
  { name: "a trailer", sent: chunked("1\r\nx\r\n0\r\nX-Sum: 1\r\n\r\n") },
  { name: "several trailers", sent: chunked("0\r\nX-Sum: 1\r\nX-More: \t2 \r\n\r\n") },
  { name: "a trailer after an empty body", sent: chunked("0\r\nX-Sum: 1\r\n\r\n") },
  {
    name: "a client that waits for 100",
    sent: post("Expect: 100-continue\r\nContent-Length: 2\r\n", "hi"),
    absent: ["expect"],
  },
  {
    name: "a client that waits for 100, in capitals",
    sent: post("Expect: 100-Continue\r\nTransfer-Encoding: chunked\r\n", "2\r\nhi\r\n0\r\n\r\n"),
    absent: ["expect"],
  },
  // Connections.
  { name: "two requests", sent: get("") + line("GET /2 HTTP/1.1"), keepsAlive: true },
  { name: "content and then a request", sent: post("Content-Length: 3\r\n", "abc") + get("") },
  { name: "chunks and then a request", sent: chunked("3\r\nabc\r\n0\r\n\r\n") + get("") },
  { name: "trailers and then a request", sent: chunked("0\r\nX-A: 1\r\n\r\n") + get("") },
  { name: "a request, an empty line, a request", sent: `${get("")}\r\n${get("")}` },
  { name: "ten requests", sent: repeat(line("GET /n HTTP/1.1"), 10), keepsAlive: true },
  { name: "a last request", sent: get("Connection: close\r\n") },
  { name: "a last request and more behind it", sent: get("Connection: close\r\n") + line("GET /never HTTP/1.1") },
  {
    name: "a last request as old clients say it",
    sent: get("Proxy-Connection: close\r\n") + line("GET /never HTTP/1.1"),
  },
  { name: "a last request in capitals", sent: get("Connection: CLOSE\r\n") },
  { name: "a last request among others' names", sent: get("Connection: x-a,close ,x-b\r\n") },
  { name: "HTTP/1.0", sent: line("GET / HTTP/1.0") },
  { name: "HTTP/1.0 and more behind it", sent: line("GET / HTTP/1.0") + get("") },
  {
    name: "HTTP/1.0 that asks to go on",
    sent: `GET / HTTP/1.0\r\n${HOST}Connection: keep-alive\r\n\r\n`,
    keepsAlive: true,
  },
  {
    name: "HTTP/1.0 that goes on",
    sent: repeat(`GET / HTTP/1.0\r\n${HOST}Connection: Keep-Alive\r\n\r\n`, 2),
    keepsAlive: true,
  },
  { name: "HTTP/1.0 that asks for both", sent: `GET / HTTP/1.0\r\n${HOST}Connection: keep-alive, close\r\n\r\n` },
  { name: "HTTP/1.0 with content", sent: `POST / HTTP/1.0\r\n${HOST}Content-Length: 3\r\n\r\nabc` },
];
