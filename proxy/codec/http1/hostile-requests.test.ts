// What a client may say and what it gets for it, over real sockets: each message whole and byte by byte.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Loopback } from "../../exchange/loopback.ts";

interface Row {
  readonly name: string;
  readonly send: string;
  readonly want: number;
  /** What the request must look like upstream; only for those that pass. */
  readonly upstream?: RegExp;
}

const HOST = "Host: a.test\r\n";
const GET = `GET / HTTP/1.1\r\n${HOST}`;
const END = "Connection: close\r\n\r\n";

const REFUSED: Row[] = [
  {
    name: "a length beside chunked",
    send: `POST / HTTP/1.1\r\n${HOST}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    want: 400,
  },
  {
    name: "chunked before a length",
    send: `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n`,
    want: 400,
  },
  {
    name: "two differing lengths",
    send: `POST / HTTP/1.1\r\n${HOST}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc`,
    want: 400,
  },
  {
    name: "two equal lengths",
    send: `POST / HTTP/1.1\r\n${HOST}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc`,
    want: 400,
  },
  { name: "a list of lengths", send: `POST / HTTP/1.1\r\n${HOST}Content-Length: 3, 3\r\n\r\nabc`, want: 400 },
  { name: "a signed length", send: `POST / HTTP/1.1\r\n${HOST}Content-Length: +3\r\n\r\nabc`, want: 400 },
  { name: "a negative length", send: `POST / HTTP/1.1\r\n${HOST}Content-Length: -1\r\n\r\n`, want: 400 },
  { name: "a hexadecimal length", send: `POST / HTTP/1.1\r\n${HOST}Content-Length: 0x3\r\n\r\nabc`, want: 400 },
  { name: "an empty length", send: `POST / HTTP/1.1\r\n${HOST}Content-Length: \r\n\r\n`, want: 400 },
  {
    name: "a length past counting",
    send: `POST / HTTP/1.1\r\n${HOST}Content-Length: 99999999999999999999\r\n\r\n`,
    want: 400,
  },
  {
    name: "gzip as transfer coding",
    send: `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    want: 501,
  },
  {
    name: "identity as transfer coding",
    send: `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: identity\r\n\r\n`,
    want: 501,
  },
  {
    name: "chunked with a control byte",
    send: `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`,
    want: 400,
  },
  {
    name: "chunked twice",
    send: `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    want: 400,
  },
  {
    name: "chunked with a parameter",
    send: `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n`,
    want: 501,
  },
  {
    name: "chunked in HTTP/1.0",
    send: `POST / HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    want: 400,
  },
  { name: "an obs-fold", send: `${GET}X-A: 1\r\n 2\r\n\r\n`, want: 400 },
  { name: "a tab fold", send: `${GET}X-A: 1\r\n\t2\r\n\r\n`, want: 400 },
  { name: "a fold behind the request line", send: `GET / HTTP/1.1\r\n ${HOST}\r\n`, want: 400 },
  { name: "a bare LF behind a field", send: `${GET}X-A: 1\nX-B: 2\r\n\r\n`, want: 400 },
  { name: "bare LFs throughout", send: "GET / HTTP/1.1\nHost: a.test\n\n", want: 400 },
  { name: "a bare CR in a value", send: `${GET}X-A: 1\rX-B: 2\r\n\r\n`, want: 400 },
  { name: "CR CR LF", send: `${GET}X-A: 1\r\r\n\r\n`, want: 400 },
  { name: "NUL in a value", send: `${GET}X-A: a\0b\r\n\r\n`, want: 400 },
  { name: "NUL in a name", send: `${GET}X\0A: b\r\n\r\n`, want: 400 },
  { name: "DEL in a value", send: `${GET}X-A: a\x7fb\r\n\r\n`, want: 400 },
  { name: "an escape in a value", send: `${GET}X-A: a\x1bb\r\n\r\n`, want: 400 },
  { name: "a space before the colon", send: `${GET}X-A : 1\r\n\r\n`, want: 400 },
  { name: "a space in a name", send: `${GET}X A: 1\r\n\r\n`, want: 400 },
  { name: "an empty name", send: `${GET}: 1\r\n\r\n`, want: 400 },
  { name: "a line without a colon", send: `${GET}X-A\r\n\r\n`, want: 400 },
  { name: "an underscore in a name", send: `${GET}X_User: a\r\n\r\n`, want: 400 },
  { name: "a name beyond ASCII", send: `${GET}X-\xe4: a\r\n\r\n`, want: 400 },
  { name: "no Host", send: "GET / HTTP/1.1\r\n\r\n", want: 400 },
  { name: "an empty Host", send: "GET / HTTP/1.1\r\nHost:\r\n\r\n", want: 400 },
  { name: "two Hosts", send: `GET / HTTP/1.1\r\n${HOST}${HOST}\r\n`, want: 400 },
  { name: "user information in Host", send: "GET / HTTP/1.1\r\nHost: a@b.test\r\n\r\n", want: 400 },
  { name: "a slash in Host", send: "GET / HTTP/1.1\r\nHost: a.test/x\r\n\r\n", want: 400 },
  { name: "a list in Host", send: "GET / HTTP/1.1\r\nHost: a.test, b.test\r\n\r\n", want: 400 },
  { name: "a port past counting in Host", send: "GET / HTTP/1.1\r\nHost: a.test:99999\r\n\r\n", want: 400 },
  { name: "a target that is not one", send: `GET foo HTTP/1.1\r\n${HOST}\r\n`, want: 400 },
  { name: "a target with a space", send: `GET /a b HTTP/1.1\r\n${HOST}\r\n`, want: 400 },
  { name: "a target beyond ASCII", send: `GET /\xe4 HTTP/1.1\r\n${HOST}\r\n`, want: 400 },
  { name: "a target with a tab", send: `GET /\ta HTTP/1.1\r\n${HOST}\r\n`, want: 400 },
  { name: "a fragment", send: `GET /a#b HTTP/1.1\r\n${HOST}\r\n`, want: 400 },
  { name: "an encoded slash", send: `GET /a%2Fb HTTP/1.1\r\n${HOST}\r\n`, want: 400 },
  { name: "a backslash", send: `GET /a\\b HTTP/1.1\r\n${HOST}\r\n`, want: 400 },
  { name: "an asterisk for GET", send: `GET * HTTP/1.1\r\n${HOST}\r\n`, want: 400 },
  { name: "an absolute target of another host", send: `GET http://b.test/ HTTP/1.1\r\n${HOST}\r\n`, want: 400 },
  { name: "an absolute target of another scheme", send: `GET ftp://a.test/ HTTP/1.1\r\n${HOST}\r\n`, want: 400 },
  {
    name: "an absolute target without a path before its query",
    send: `GET http://a.test?x HTTP/1.1\r\n${HOST}\r\n`,
    want: 400,
  },
  { name: "CONNECT", send: "CONNECT a.test:80 HTTP/1.1\r\nHost: a.test:80\r\n\r\n", want: 501 },
  { name: "TRACE", send: `TRACE / HTTP/1.1\r\n${HOST}\r\n`, want: 501 },
  { name: "a lower-case method", send: `get / HTTP/1.1\r\n${HOST}\r\n`, want: 400 },
  { name: "a method with a bracket", send: `GE[T / HTTP/1.1\r\n${HOST}\r\n`, want: 400 },
  { name: "a space before the method", send: ` GET / HTTP/1.1\r\n${HOST}\r\n`, want: 400 },
  { name: "two spaces behind the method", send: `GET  / HTTP/1.1\r\n${HOST}\r\n`, want: 400 },
  { name: "a tab behind the method", send: `GET\t/ HTTP/1.1\r\n${HOST}\r\n`, want: 400 },
  { name: "HTTP/0.9", send: "GET /\r\n", want: 400 },
  { name: "HTTP/2.0", send: `GET / HTTP/2.0\r\n${HOST}\r\n`, want: 505 },
  { name: "HTTP/1.2", send: `GET / HTTP/1.2\r\n${HOST}\r\n`, want: 505 },
  { name: "HTTP/1.10", send: `GET / HTTP/1.10\r\n${HOST}\r\n`, want: 400 },
  { name: "a lower-case version", send: `GET / http/1.1\r\n${HOST}\r\n`, want: 400 },
  { name: "a space behind the version", send: `GET / HTTP/1.1 \r\n${HOST}\r\n`, want: 400 },
  { name: "the preface of HTTP/2", send: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", want: 505 },
  { name: "a TLS hello", send: "\x16\x03\x01\x02\x00\x01\x00\r\n", want: 400 },
  { name: "two empty lines first", send: `\r\n\r\n${GET}\r\n`, want: 400 },
  { name: "an unknown expectation", send: `${GET}Expect: 200-ok\r\n\r\n`, want: 417 },
  { name: "Connection nominating Host", send: `${GET}Connection: host\r\n\r\n`, want: 400 },
  {
    name: "Connection nominating Authorization",
    send: `${GET}Authorization: x\r\nConnection: close, Authorization\r\n\r\n`,
    want: 400,
  },
  { name: "Connection nominating Cookie", send: `${GET}Connection: cookie\r\n\r\n`, want: 400 },
  { name: "Connection nominating Content-Length", send: `${GET}Connection: content-length\r\n\r\n`, want: 400 },
  { name: "Connection nominating a field of ours", send: `${GET}Connection: X-Sluice-User\r\n\r\n`, want: 400 },
  { name: "Connection that is no list of tokens", send: `${GET}Connection: a b\r\n\r\n`, want: 400 },
  { name: "too many fields", send: `${GET}${"X-A: 1\r\n".repeat(20)}\r\n`, want: 431 },
  { name: "too long a field", send: `${GET}X-A: ${"a".repeat(5000)}\r\n\r\n`, want: 431 },
  { name: "too long a target", send: `GET /${"a".repeat(9000)} HTTP/1.1\r\n${HOST}\r\n`, want: 414 },
  {
    name: "a chunk size that is no number",
    send: `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\nxyz\r\n`,
    want: 400,
  },
  { name: "an empty chunk size", send: `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n\r\n`, want: 400 },
  {
    name: "a negative chunk size",
    send: `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n-1\r\n`,
    want: 400,
  },
  {
    name: "a chunk size with 0x",
    send: `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n`,
    want: 400,
  },
  {
    name: "a chunk size past counting",
    send: `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n`,
    want: 400,
  },
  {
    name: "a space behind a chunk size",
    send: `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n1 \r\nx\r\n0\r\n\r\n`,
    want: 400,
  },
  {
    name: "a chunk size ended by LF",
    send: `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n`,
    want: 400,
  },
  {
    name: "a chunk longer than its size",
    send: `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n`,
    want: 400,
  },
  {
    name: "framing among the trailers",
    send: `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 3\r\n\r\n`,
    want: 400,
  },
];

const PASSED: Row[] = [
  { name: "a plain GET", send: `${GET}${END}`, want: 200, upstream: /^GET \/ HTTP\/1\.1\r\nhost: a\.test\r\n/ },
  {
    name: "names folded, values kept",
    send: `${GET}X-MiXed: VaLuE \t \r\n${END}`,
    want: 200,
    upstream: /\r\nx-mixed: VaLuE[ \t]*\r\n/,
  },
  { name: "no space behind the colon", send: `${GET}X-A:b\r\n${END}`, want: 200, upstream: /\r\nx-a: ?b\r\n/ },
  { name: "obs-text in a value", send: `${GET}X-A: \xe4\xff\r\n${END}`, want: 200, upstream: /\r\nx-a: \xe4\xff\r\n/ },
  { name: "an empty value", send: `${GET}X-A:\r\n${END}`, want: 200, upstream: /\r\nx-a: ?\r\n/ },
  { name: "one empty line first", send: `\r\n${GET}${END}`, want: 200 },
  {
    name: "an absolute target that agrees",
    send: `GET http://A.test/x?y HTTP/1.1\r\n${HOST}${END}`,
    want: 200,
    upstream: /^GET \/x\?y HTTP\/1\.1\r\nhost: a\.test\r\n/,
  },
  {
    name: "an absolute target without a path",
    send: `GET http://a.test HTTP/1.1\r\n${HOST}${END}`,
    want: 200,
    upstream: /^GET \/ HTTP/,
  },
  {
    name: "OPTIONS of the server",
    send: `OPTIONS * HTTP/1.1\r\n${HOST}${END}`,
    want: 200,
    upstream: /^OPTIONS \* HTTP/,
  },
  {
    name: "a host with case, dot and default port",
    send: `GET / HTTP/1.1\r\nHost: A.Test.:80\r\n${END}`,
    want: 200,
    upstream: /\r\nhost: a\.test\r\n/,
  },
  {
    name: "a path with dots and codes",
    send: `GET /a/./b/../%7Euser//c?%2F HTTP/1.1\r\n${HOST}${END}`,
    want: 200,
    upstream: /^GET \/a\/~user\/c\?%2F HTTP/,
  },
  { name: "HTTP/1.0", send: `GET / HTTP/1.0\r\n${HOST}\r\n`, want: 200, upstream: /^GET \/ HTTP\/1\.1\r\n/ },
  {
    name: "a method nobody registered",
    send: `M-SEARCH / HTTP/1.1\r\n${HOST}${END}`,
    want: 200,
    upstream: /^M-SEARCH /,
  },
  {
    name: "hop-by-hop fields",
    send: `${GET}Keep-Alive: timeout=5\r\nTE: trailers\r\nProxy-Connection: x\r\nX-Keep: 1\r\nConnection: close, TE\r\n\r\n`,
    want: 200,
    upstream: /^(?!.*(keep-alive|\r\nte:|proxy-connection|\r\nconnection:))[^]*x-keep: 1/,
  },
  {
    name: "a nominated field",
    send: `${GET}X-Drop: 1\r\nX-Keep: 1\r\nConnection: close, X-Drop\r\n\r\n`,
    want: 200,
    upstream: /^(?![^]*x-drop)[^]*x-keep: 1\r\n/,
  },
  {
    name: "claims about the client",
    send: `${GET}X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\nX-Request-Id: mine\r\nForwarded: for=6.6.6.6\r\nX-Sluice-User: root\r\n${END}`,
    want: 200,
    upstream:
      /^(?![^]*(6\.6\.6\.6|https|mine|root))[^]*x-forwarded-for: 127\.0\.0\.1\r\nx-forwarded-proto: http\r\nforwarded: for=127\.0\.0\.1;proto=http;host="a\.test"\r\nx-forwarded-host: a\.test\r\nx-request-id: [0-9A-HJKMNP-TV-Z]{26}\r\n\r\n$/,
  },
];

describe("Http1ServerConnection", () => {
  let loopback: Loopback;
  beforeAll(async () => {
    loopback = await Loopback.start();
  });
  afterAll(() => loopback.stop());

  for (const { name, send, want } of REFUSED) {
    it(`answers ${want} to ${name}, and closes`, async () => {
      const before = loopback.upstreamHeads.length;
      expect(statusOf(await loopback.talk(send))).toBe(want);
      const sentUpstream = loopback.upstreamHeads.length - before;
      // A body may break after its head was passed on; a head that is refused never goes anywhere.
      if (!send.includes("Transfer-Encoding: chunked\r\n\r\n") || want === 501) expect(sentUpstream).toBe(0);
      expect(statusOf(await loopback.talk(send, "bytes"))).toBe(want);
    });
  }

  for (const { name, send, want, upstream } of PASSED) {
    it(`passes ${name}`, async () => {
      for (const pieces of ["whole", "bytes"] as const) {
        const said = await loopback.talk(send, pieces);
        expect(statusOf(said)).toBe(want);
        expect(said).toContain("connection: close\r\n");
        if (upstream) expect(loopback.upstreamHeads.at(-1)).toMatch(upstream);
      }
    });
  }

  it("leaves no stream and no pin behind", async () => {
    await loopback.ended(1);
    expect(loopback.server.streams).toBe(0);
    expect(loopback.pins).toBe(0);
  });
});

function statusOf(said: string): number {
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(said)?.[1] ?? 0);
}
