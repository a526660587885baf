// Reads HTTP/1.1 responses from one connection's bytes, strictly: whatever is not a complete, well-formed answer is an
// error with a sentence. Independent of the proxy's own codec, whose mistakes it must be able to see.

export interface Answer {
  readonly status: number;
  /** Names in lower case; a name that came twice holds both values, in order. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: Buffer;
  /** The server said it closes the connection after this answer. */
  readonly closes: boolean;
}

const headEnd = Buffer.from("\r\n\r\n");
const headBytesMax = 65_536;

export class ResponseReader {
  #bytes: Buffer = Buffer.alloc(0);

  /** Answers completed by `chunk`, final ones only (no 1xx). Throws an Error saying what is malformed. */
  read(chunk: Buffer): Answer[] {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    const answers: Answer[] = [];
    for (;;) {
      const answer = this.#next();
      if (answer === null) return answers;
      if (answer.status >= 200) answers.push(answer);
    }
  }

  /** Bytes of an answer that is not complete yet. */
  get pendingBytes(): number {
    return this.#bytes.length;
  }

  #next(): Answer | null {
    const end = this.#bytes.indexOf(headEnd);
    if (end < 0) {
      if (this.#bytes.length > headBytesMax) throw new Error(`a response head is longer than ${headBytesMax} bytes`);
      return null;
    }
    const head = parseHead(this.#bytes.toString("latin1", 0, end));
    const body = readBody(this.#bytes, end + headEnd.length, head);
    if (body === null) return null;
    this.#bytes = this.#bytes.subarray(body.end);
    const closes = (head.headers.get("connection") ?? []).some((value) => value.toLowerCase() === "close");
    return { ...head, body: body.bytes, closes };
  }
}

interface ResponseHead {
  readonly status: number;
  readonly headers: ReadonlyMap<string, readonly string[]>;
}

function parseHead(text: string): ResponseHead {
  const [statusLine = "", ...lines] = text.split("\r\n");
  const status = /^HTTP\/1\.1 ([1-5]\d\d)(?: .*)?$/.exec(statusLine)?.[1];
  if (status === undefined) throw new Error(`"${statusLine.slice(0, 60)}" is not a status line`);
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    const match = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*(.*?)[ \t]*$/.exec(line);
    if (match === null) throw new Error(`"${line.slice(0, 60)}" is not a header line`);
    const name = (match[1] ?? "").toLowerCase();
    headers.set(name, [...(headers.get(name) ?? []), match[2] ?? ""]);
  }
  return { status: Number(status), headers };
}

interface Body {
  readonly bytes: Buffer;
  readonly end: number;
}

/** The body from `start`; null while it is incomplete. */
function readBody(bytes: Buffer, start: number, head: ResponseHead): Body | null {
  if (head.status < 200 || head.status === 204 || head.status === 304) return { bytes: Buffer.alloc(0), end: start };
  const lengths = head.headers.get("content-length") ?? [];
  const isChunked = head.headers.get("transfer-encoding")?.join(",").toLowerCase() === "chunked";
  if (isChunked && lengths.length === 0) return readChunked(bytes, start);
  if (isChunked || lengths.length !== 1 || !/^\d{1,10}$/.test(lengths[0] ?? "")) {
    throw new Error("a response must have one Content-Length or be chunked, never both");
  }
  const end = start + Number(lengths[0]);
  return bytes.length < end ? null : { bytes: bytes.subarray(start, end), end };
}

function readChunked(bytes: Buffer, start: number): Body | null {
  const chunks: Buffer[] = [];
  let at = start;
  for (;;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd < 0) return null;
    const sizeText = bytes.toString("latin1", at, lineEnd);
    if (!/^[\da-f]{1,8}$/i.test(sizeText)) throw new Error(`"${sizeText.slice(0, 20)}" is not a chunk size`);
    const size = Number.parseInt(sizeText, 16);
    const from = lineEnd + 2;
    if (bytes.length < from + size + 2) return null;
    if (bytes.toString("latin1", from + size, from + size + 2) !== "\r\n")
      throw new Error("a chunk does not end with CRLF");
    if (size === 0) return { bytes: Buffer.concat(chunks), end: from + 2 };
    chunks.push(bytes.subarray(from, from + size));
    at = from + size + 2;
  }
}
