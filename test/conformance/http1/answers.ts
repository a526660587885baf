// What an upstream may say to a request, and what the client is to read of it.

import { repeat } from "./wire.ts";

export interface UpstreamSays {
  readonly name: string;
  readonly sent: string;
  /** `same`: what llhttp understands of it; `bad`: 502; `cut`: a fragment that the client can tell from a whole answer. */
  readonly want: "same" | "bad" | "cut";
  readonly method: "GET" | "HEAD";
  /** The upstream closes behind it. */
  readonly ends: boolean;
  /** The connection to the upstream is kept. */
  readonly keeps: boolean;
}

type Row = readonly [name: string, sent: string];

const OK = "HTTP/1.1 200 OK\r\n";
const LENGTH = "Content-Length: 2\r\n";

/** An answer of two bytes with these fields. */
const ok = (fields: string): string => `${OK}${fields}${LENGTH}\r\nok`;
const chunks = (body: string): string => `${OK}Transfer-Encoding: chunked\r\n\r\n${body}`;
const status = (line: string): string => `${line}\r\n${LENGTH}\r\nok`;

const KEPT: readonly Row[] = [
  ["a plain answer", ok("")],
  ["no content", `${OK}Content-Length: 0\r\n\r\n`],
  ["an empty reason", status("HTTP/1.1 200 ")],
  ["a long reason", status(`HTTP/1.1 200 ${repeat("very ", 20)}well`)],
  ["a reason with obs-text", status("HTTP/1.1 200 \xe4\xf6\xfc")],
  ["an unusual status", status("HTTP/1.1 299 Odd")],
  ["a status of failure", status("HTTP/1.1 503 Busy")],
  ["204", "HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n"],
  ["304 with a length", 'HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\nETag: "a"\r\n\r\n'],
  ["names in all cases", ok("X-MiXed: VaLuE\r\nx-small: 1\r\n")],
  ["names of every token character", ok("!#$%&'*+-.^_`|~09az: 1\r\n")],
  ["one name several times", ok("Set-Cookie: a=b\r\nVary: x\r\nSet-Cookie: c=d\r\n")],
  ["underscores, which are the upstream's own affair", ok("X_A: 1\r\n")],
  ["much space around a value", ok("X-A: \t b \t \r\n")],
  ["obs-text in a value", ok("X-A: \xe4\xff\r\n")],
  ["a date", ok("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n")],
  ["fields of one hop", ok("Keep-Alive: timeout=5\r\nConnection: keep-alive\r\n")],
  ["a challenge of a proxy", ok("Proxy-Authenticate: Basic\r\n")],
  ["a nominated field", ok("X-Hop: 1\r\nConnection: x-hop\r\nX-Keep: 1\r\n")],
  ["an Upgrade that it offers", ok("Upgrade: h2c\r\nConnection: upgrade\r\n")],
  ["chunks", chunks("2\r\nok\r\n0\r\n\r\n")],
  ["many chunks", chunks("1\r\na\r\n2\r\nbc\r\nA\r\n0123456789\r\n0\r\n\r\n")],
  ["no chunk but the last", chunks("0\r\n\r\n")],
  ["chunks with extensions", chunks('2;a=b;c="d;e"\r\nok\r\n0;f\r\n\r\n')],
  ["chunks with trailers", chunks("2\r\nok\r\n0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n")],
  ["chunks in capitals", `${OK}Transfer-Encoding: Chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`],
  ["a length with zeros before", `${OK}Content-Length: 002\r\n\r\nok`],
  ["100 before it", `HTTP/1.1 100 Continue\r\n\r\n${ok("")}`],
  ["103 before it, twice", repeat("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", 2) + ok("")],
  ["102 before it", `HTTP/1.1 102 Processing\r\n\r\n${ok("")}`],
  ["content that looks like an answer", `${OK}Content-Length: 38\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n`],
  [
    "content of every byte",
    `${OK}Content-Length: 256\r\n\r\n${String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i))}`,
  ],
  ["many fields", ok(repeat("X-A: 1\r\n", 190))],
];

/** Good answers on connections that must not be used again. */
const LAST: readonly Row[] = [
  ["a last answer", ok("Connection: close\r\n")],
  ["a last answer among others' names", ok("Connection: x-a, Close\r\n")],
  ["HTTP/1.0 with a length", `HTTP/1.0 200 OK\r\n${LENGTH}\r\nok`],
  ["HTTP/1.0 that would go on", `HTTP/1.0 200 OK\r\n${LENGTH}Connection: keep-alive\r\n\r\nok`],
];

/** A whole answer and bytes behind it, which belong to nothing that was asked. */
const MORE: readonly Row[] = [
  ["more than its length", `${ok("")}more`],
  ["two answers", ok("") + ok("")],
  ["content with 204", `HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\n\r\n`],
  ["content with 304", `HTTP/1.1 304 Not Modified\r\n\r\nmore`],
  ["bytes behind the last chunk", `${chunks("2\r\nok\r\n0\r\n\r\n")}more`],
  ["an empty line behind it", `${ok("")}\r\n`],
];

/** Good answers that end with their connection. */
const UNTIL_CLOSE: readonly Row[] = [
  ["no length", `${OK}\r\nall of it`],
  ["no length and no content", `${OK}\r\n`],
  ["HTTP/1.0 without a length", "HTTP/1.0 200 OK\r\n\r\nall of it"],
  ["HTTP/1.0 with chunk-like content", "HTTP/1.0 200 OK\r\n\r\n5\r\nhello\r\n0\r\n\r\n"],
  ["a status alone", "HTTP/1.1 200\r\n\r\nall of it"],
];

const BAD: readonly Row[] = [
  ["a length beside chunked", `${OK}${LENGTH}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ["chunked before a length", `${OK}Transfer-Encoding: chunked\r\n${LENGTH}\r\n0\r\n\r\n`],
  ["two differing lengths", `${OK}Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc`],
  ["two equal lengths", `${OK}${LENGTH}${LENGTH}\r\nok`],
  ["a list of lengths", `${OK}Content-Length: 2, 2\r\n\r\nok`],
  ["a signed length", `${OK}Content-Length: +2\r\n\r\nok`],
  ["a negative length", `${OK}Content-Length: -2\r\n\r\nok`],
  ["a hexadecimal length", `${OK}Content-Length: 0x2\r\n\r\nok`],
  ["an empty length", `${OK}Content-Length:\r\n\r\nok`],
  ["a length of 2^64 + 2", `${OK}Content-Length: 18446744073709551618\r\n\r\nok`],
  ["gzip as a coding", `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
  ["identity as a coding", `${OK}Transfer-Encoding: identity\r\n\r\nok`],
  ["chunked twice", `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ["chunked with a tab behind", `${OK}Transfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n`],
  ["chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
  ["a folded field", ok("X-A: 1\r\n 2\r\n")],
  ["a space before the colon", ok("X-A : 1\r\n")],
  ["a space before a length's colon", `${OK}Content-Length : 2\r\n\r\nok`],
  ["no name", ok(": 1\r\n")],
  ["no colon", ok("X-A\r\n")],
  ["a pseudo header", ok(":status: 201\r\n")],
  ["a NUL in a value", ok("X-A: \0\r\n")],
  ["a bell in a value", ok("X-A: \x07\r\n")],
  ["a bare CR in a value", ok("X-A: 1\rX-B: 2\r\n")],
  ["a bare LF behind a value", ok("X-A: 1\nX-B: 2\r\n")],
  ["LFs alone", "HTTP/1.1 200 OK\nContent-Length: 0\n\n"],
  ["CR CR LF at the end of its head", `${OK}${LENGTH}\r\r\nok`],
  ["a status line ended by LF", `HTTP/1.1 200 OK\n${LENGTH}\r\nok`],
  ["a NUL in its reason", status("HTTP/1.1 200 O\0K")],
  ["a bare CR in its reason", status("HTTP/1.1 200 O\rK")],
  ["a status of two digits", status("HTTP/1.1 20 OK")],
  ["a status of four digits", status("HTTP/1.1 2000 OK")],
  ["a status of letters", status("HTTP/1.1 2OO OK")],
  ["a status below 100", status("HTTP/1.1 099 Odd")],
  ["a status of 600", status("HTTP/1.1 600 Odd")],
  ["a signed status", status("HTTP/1.1 +20 OK")],
  ["two spaces before the status", status("HTTP/1.1  200 OK")],
  ["a tab before the status", status("HTTP/1.1\t200 OK")],
  ["a space before the version", status(" HTTP/1.1 200 OK")],
  ["HTTP/2.0", status("HTTP/2.0 200 OK")],
  ["HTTP/1.2", status("HTTP/1.2 200 OK")],
  ["HTTP/1.10", status("HTTP/1.10 200 OK")],
  ["HTTP/0.9", "<html>all of it</html>\r\n"],
  ["a version in small letters", status("http/1.1 200 OK")],
  ["a request", "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"],
  ["an empty line first", `\r\n${ok("")}`],
  ["ICY", status("ICY 200 OK")],
  ["SSH", "SSH-2.0-OpenSSH_9.6\r\n"],
  ["TLS", "\x15\x03\x01\x00\x02\x02\x16"],
  [
    "101 that nobody asked for",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
  ],
  ["a last answer before the answer", `HTTP/1.1 103 Early Hints\r\nConnection: close\r\n\r\n${ok("")}`],
  ["103 with a length", `HTTP/1.1 103 Early Hints\r\nContent-Length: 2\r\n\r\nok${ok("")}`],
  ["100 with chunks", `HTTP/1.1 100 Continue\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${ok("")}`],
  ["a bad answer behind a 103", `HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 2000 OK\r\n\r\n`],
  ["Connection nominating Set-Cookie", ok("Set-Cookie: a=b\r\nConnection: set-cookie\r\n")],
  ["Connection nominating Content-Length", ok("Connection: content-length\r\n")],
  ["Connection that is no list", ok("Connection: close x\r\n")],
  ["too many fields", ok(repeat("X-A: 1\r\n", 201))],
  ["too long a head", ok(`X-A: ${repeat("a", 66_000)}\r\n`)],
];

/** Answers that break off, or break, behind their head. */
const CUT: readonly Row[] = [
  ["chunks of a size of letters", chunks("xyz\r\nok\r\n0\r\n\r\n")],
  ["chunks of a negative size", chunks("-2\r\nok\r\n0\r\n\r\n")],
  ["chunks with a space behind a size", chunks("2 \r\nok\r\n0\r\n\r\n")],
  ["chunks with a bare LF", chunks("2\nok\n0\n\n")],
  ["chunks longer than their size", chunks("1\r\nok\r\n0\r\n\r\n")],
  ["chunks with a bad extension", chunks("2;\nok\r\n0\r\n\r\n")],
  ["chunks with framing among the trailers", chunks("2\r\nok\r\n0\r\nContent-Length: 0\r\n\r\n")],
  ["chunks with a cookie among the trailers", chunks("2\r\nok\r\n0\r\nSet-Cookie: a=b\r\n\r\n")],
  ["chunks with a folded trailer", chunks("2\r\nok\r\n0\r\nX-A: 1\r\n 2\r\n\r\n")],
  ["chunks of a size past counting", chunks("2\r\nok\r\nfffffffffffffffff\r\n")],
];

const CUT_BY_CLOSE: readonly Row[] = [
  ["less than its length, and a close", `${OK}Content-Length: 9\r\n\r\nok`],
  ["nothing of its length, and a close", `${OK}Content-Length: 9\r\n\r\n`],
  ["a chunk, and a close", chunks("2\r\nok\r\n")],
  ["half a chunk, and a close", chunks("9\r\nok")],
  ["half a size, and a close", chunks("2\r\nok\r\n1")],
  ["the last chunk without its end, and a close", chunks("2\r\nok\r\n0\r\n")],
  ["half a trailer, and a close", chunks("2\r\nok\r\n0\r\nX-Su")],
];

const BAD_BY_CLOSE: readonly Row[] = [
  ["nothing, and a close", ""],
  ["half a status line, and a close", "HTTP/1.1 20"],
  ["half a head, and a close", `${OK}Content-Le`],
  ["a head without its end, and a close", `${OK}${LENGTH}`],
  ["103 alone, and a close", "HTTP/1.1 103 Early Hints\r\n\r\n"],
];

const TO_HEAD: readonly Row[] = [
  ["to HEAD, with a length", `${OK}Content-Length: 9\r\n\r\n`],
  ["to HEAD, chunked", `${OK}Transfer-Encoding: chunked\r\n\r\n`],
  ["to HEAD, without either", `${OK}X-A: 1\r\n\r\n`],
];

function rows(list: readonly Row[], of: Omit<UpstreamSays, "name" | "sent">): UpstreamSays[] {
  return list.map(([name, sent]) => ({ name, sent, ...of }));
}

export const ANSWERS: readonly UpstreamSays[] = [
  ...rows(KEPT, { want: "same", method: "GET", ends: false, keeps: true }),
  ...rows(TO_HEAD, { want: "same", method: "HEAD", ends: false, keeps: true }),
  ...rows(LAST, { want: "same", method: "GET", ends: false, keeps: false }),
  ...rows(MORE, { want: "same", method: "GET", ends: false, keeps: false }),
  ...rows(UNTIL_CLOSE, { want: "same", method: "GET", ends: true, keeps: false }),
  ...rows(BAD, { want: "bad", method: "GET", ends: false, keeps: false }),
  ...rows(BAD_BY_CLOSE, { want: "bad", method: "GET", ends: true, keeps: false }),
  ...rows(CUT, { want: "cut", method: "GET", ends: false, keeps: false }),
  ...rows(CUT_BY_CLOSE, { want: "cut", method: "GET", ends: true, keeps: false }),
];
