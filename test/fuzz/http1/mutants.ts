// Mutants of the conformance suite's messages: bytes flipped, cut, doubled, swapped, and pieces of framing put where they
// do not belong.

import { ACCEPTED } from "../../conformance/http1/accepted-requests.ts";
import { ANSWERS } from "../../conformance/http1/answers.ts";
import { REFUSED } from "../../conformance/http1/refused-requests.ts";
import type { Random } from "../random.ts";

const SEED_BYTES_MAX = 1_200;
const MUTATIONS_MAX = 5;

const short = (texts: readonly string[]): readonly Buffer[] =>
  texts.filter(({ length }) => length > 0 && length <= SEED_BYTES_MAX).map((text) => Buffer.from(text, "latin1"));

const UPGRADE =
  "GET /chat HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nGET / HTTP/1.1\r\n\0\x81\xff";
const REQUESTS = short([
  ...[...ACCEPTED, ...ACCEPTED, ...ACCEPTED, ...REFUSED].map(({ sent }) => sent),
  ...Array.from({ length: 24 }, () => UPGRADE),
]);
const ANSWERED = short(ANSWERS.map(({ sent }) => sent));

const WORDS = short([
  ...'\r\n\t\0 :;,=_-+.0159afzAF/\\?#%*[]"\x0b\x0c\x1b\x7f\x80\x85\xa0\xff',
  "\r\n",
  "\r\n\r\n",
  "\n\n",
  "\r\r\n",
  "\r\n ",
  "\r\n\t",
  "0\r\n\r\n",
  "1\r\na\r\n",
  "00000001",
  "ffffffff",
  "100000000",
  "18446744073709551616",
  "0x",
  ";a=b",
  ";\n",
  'a="',
  "chunked",
  "Chunked",
  "identity",
  ", chunked",
  "gzip, ",
  "close",
  "keep-alive",
  "upgrade",
  "Transfer-Encoding: chunked\r\n",
  "Transfer-Encoding:\tchunked\r\n",
  "Transfer-Encoding : chunked\r\n",
  "Transfer-Encoding: identity\r\n",
  "Content-Length: 5\r\n",
  "Content-Length: 0\r\n",
  "Content-Length:0\r\n",
  "Connection: close\r\n",
  "Connection: keep-alive\r\n",
  "Connection: content-length\r\n",
  "Connection: x-a\r\n",
  "Host: b.test\r\n",
  "Trailer: x\r\n",
  "Expect: 100-continue\r\n",
  "Upgrade: websocket\r\nConnection: upgrade\r\n",
  "X-A: 1\r\n",
  "HTTP/1.0",
  "HTTP/1.1",
  "GET /s HTTP/1.1\r\nHost: a.test\r\n\r\n",
  "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
  "HTTP/1.1 100 Continue\r\n\r\n",
]);

export function mutantRequests(random: Random): Buffer {
  return mutate(joined(REQUESTS, 1 + random.below(3), random), REQUESTS, random);
}

export function mutantAnswer(random: Random): Buffer {
  return mutate(random.pick(ANSWERED), ANSWERED, random);
}

/** In a few pieces, or whole, or byte by byte. */
export function inPieces(bytes: Buffer, random: Random): Buffer[] {
  const pieces: Buffer[] = [];
  const longest = random.pick([1, 7, 40, bytes.length + 1]);
  for (let at = 0; at < bytes.length;) {
    const end = at + 1 + random.below(longest);
    pieces.push(bytes.subarray(at, end));
    at = end;
  }
  return pieces;
}

function joined(seeds: readonly Buffer[], count: number, random: Random): Buffer {
  return Buffer.concat(Array.from({ length: count }, () => random.pick(seeds)));
}

function mutate(seed: Buffer, seeds: readonly Buffer[], random: Random): Buffer {
  let bytes = Buffer.from(seed);
  const count = random.below(random.oneIn(2) ? 2 : MUTATIONS_MAX + 1);
  for (let left = count; left > 0; left--) bytes = mutateOnce(bytes, seeds, random);
  return bytes;
}

function mutateOnce(bytes: Buffer, seeds: readonly Buffer[], random: Random): Buffer<ArrayBuffer> {
  const at = random.below(bytes.length + 1);
  const end = Math.min(bytes.length, at + 1 + random.below(random.pick([1, 4, 30])));
  const [before, piece, behind] = [bytes.subarray(0, at), bytes.subarray(at, end), bytes.subarray(end)];
  switch (random.below(8)) {
    case 0:
    case 1:
      return Buffer.concat([before, random.pick(WORDS), piece, behind]);
    case 2:
      return Buffer.concat([before, random.pick(WORDS), behind]);
    case 3:
      return Buffer.concat([before, behind]);
    case 4:
      return Buffer.concat([before, piece, piece, behind]);
    case 5:
      return Buffer.concat([before, Buffer.from(piece.map((byte) => byte ^ (1 << random.below(8)))), behind]);
    case 6: {
      const other = random.pick(seeds);
      return Buffer.concat([before, other.subarray(random.below(other.length))]);
    }
    default:
      return atLine(bytes, random);
  }
}

/** A whole line put somewhere, where mutants of bytes seldom come. */
function atLine(bytes: Buffer, random: Random): Buffer<ArrayBuffer> {
  const starts = [...bytes.toString("latin1").matchAll(/\r\n/g)].map(({ index }) => index + 2);
  const at = starts.length === 0 ? 0 : random.pick(starts);
  const lines = WORDS.filter((word) => word.length > 4 && word.at(-1) === 0x0a);
  return Buffer.concat([bytes.subarray(0, at), random.pick(lines), bytes.subarray(at)]);
}
