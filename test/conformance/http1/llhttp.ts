// llhttp, Node's own parser, in its strict mode: what somebody else understands of the bytes that our codec read or wrote.

import { createRequire } from "node:module";

/** A message as llhttp reports it. Names are in small letters, text is latin1. */
export interface Message {
  /** Empty in an answer. */
  method: string;
  target: string;
  /** 0 in a request. */
  status: number;
  version: string;
  fields: [name: string, value: string][];
  body: string;
  trailers: [name: string, value: string][];
  isWhole: boolean;
}

export interface Parsed {
  readonly messages: readonly Message[];
  /** llhttp's name for what it refused; null when it read everything. */
  readonly error: string | null;
  /** It went over to another protocol and left the rest alone. */
  readonly isUpgraded: boolean;
  /** What stands behind the message that did so; empty otherwise. */
  readonly rest: Buffer;
}

interface Parser {
  [callback: number]: unknown;
  initialize(type: number, resource: object, headBytesMax: number, lenient: number): void;
  execute(bytes: Uint8Array): number | Error;
  finish(): number | Error | undefined;
  close(): void;
}

interface HttpCommon {
  readonly methods: readonly string[];
  readonly HTTPParser: (new () => Parser) & Readonly<Record<string, number>>;
}

const { HTTPParser, methods } = createRequire(import.meta.url)("node:_http_common") as HttpCommon;

const HEAD_BYTES_MAX = 1 << 20;
const NO_BODY = 1;

/** Reads `bytes` to their end, which is the connection's. `isHead`: whether an answer, 1xx not counted, is to HEAD. */
export function parse(
  kind: "requests" | "answers",
  bytes: Uint8Array,
  isHead: (answer: number) => boolean = () => false,
): Parsed {
  const reading = new Reading(kind, isHead);
  return reading.read(bytes);
}

class Reading {
  private readonly messages: Message[] = [];
  private readonly parser = new HTTPParser();
  private isUpgraded = false;
  private current: Message = emptyMessage();
  private hasHead = false;
  private answers = 0;

  constructor(kind: "requests" | "answers", isHead: (answer: number) => boolean) {
    const { parser } = this;
    parser.initialize(kind === "requests" ? HTTPParser["REQUEST"]! : HTTPParser["RESPONSE"]!, {}, HEAD_BYTES_MAX, 0);
    parser[HTTPParser["kOnMessageBegin"]!] = () => {
      this.current = emptyMessage();
      this.hasHead = false;
    };
    // Long heads and trailers come in pieces.
    parser[HTTPParser["kOnHeaders"]!] = (fields: string[], target: string) => {
      if (!this.hasHead) this.current.target += target;
      (this.hasHead ? this.current.trailers : this.current.fields).push(...pairsOf(fields));
    };
    parser[HTTPParser["kOnHeadersComplete"]!] = (...told: HeadComplete) => this.headComplete(told, isHead);
    parser[HTTPParser["kOnBody"]!] = (bytes: Buffer) => (this.current.body += bytes.toString("latin1"));
    parser[HTTPParser["kOnMessageComplete"]!] = () => {
      this.current.isWhole = true;
    };
  }

  read(bytes: Uint8Array): Parsed {
    const { parser, messages, isUpgraded } = this;
    const read = parser.execute(bytes);
    const ended = typeof read === "number" && !this.isUpgraded ? parser.finish() : read;
    parser.close();
    const error = ended instanceof Error && !isUpgraded ? (ended as Error & { code: string }).code : null;
    const rest = this.isUpgraded && typeof read === "number" ? Buffer.from(bytes.subarray(read)) : Buffer.alloc(0);
    return { messages, error, isUpgraded: this.isUpgraded, rest };
  }

  private headComplete(told: HeadComplete, isHead: (answer: number) => boolean): number {
    const [major, minor, fields, method, target, status, , upgrade] = told;
    const { current } = this;
    this.hasHead = true;
    current.version = `${major}.${minor}`;
    if (fields !== undefined) current.fields = pairsOf(fields);
    if (target !== undefined) current.target = target;
    current.method = method === undefined ? "" : (methods[method] ?? "");
    current.status = status ?? 0;
    this.messages.push(current);
    if (upgrade) this.isUpgraded = true;
    if (current.status === 0 || current.status < 200) return 0;
    return isHead(this.answers++) ? NO_BODY : 0;
  }
}

type HeadComplete = [
  major: number,
  minor: number,
  fields: string[] | undefined,
  method: number | undefined,
  target: string | undefined,
  status: number | undefined,
  reason: string | undefined,
  upgrade: boolean,
];

function emptyMessage(): Message {
  return { method: "", target: "", status: 0, version: "", fields: [], body: "", trailers: [], isWhole: false };
}

function pairsOf(fields: readonly string[]): [string, string][] {
  return Array.from({ length: fields.length / 2 }, (_, i) => [fields[2 * i]!.toLowerCase(), fields[2 * i + 1]!]);
}
