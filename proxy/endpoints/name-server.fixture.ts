// For tests: a name server that knows what a test tells it. It speaks just enough of RFC 1035 to answer one question.

import { createSocket } from "node:dgram";
import type { Socket } from "node:dgram";
import { once } from "node:events";
import { isIPv4 } from "node:net";

const TYPE = { a: 1, aaaa: 28 } as const;
const NO_SUCH_NAME = 3;
const HEADER_BYTES = 12;

export class NameServer {
  /** Addresses of each name; a name that is not here does not exist. */
  readonly names = new Map<string, readonly string[]>();
  ttlSeconds = 1;
  /** While set, nothing is answered. */
  isSilent = false;
  asked = 0;
  private readonly socket: Socket;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("message", (query, from) => {
      this.asked++;
      if (!this.isSilent) socket.send(this.answer(query), from.port, from.address);
    });
  }

  static async start(): Promise<NameServer> {
    const socket = createSocket("udp4");
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    return new NameServer(socket);
  }

  get address(): string {
    return `127.0.0.1:${this.socket.address().port}`;
  }

  async stop(): Promise<void> {
    const closed = once(this.socket, "close");
    this.socket.close();
    await closed;
  }

  private answer(query: Buffer): Buffer {
    const { name, end } = questionOf(query);
    const type = query.readUInt16BE(end - 4);
    const addresses = this.names.get(name);
    const records = (addresses ?? []).filter((one) => (isIPv4(one) ? TYPE.a : TYPE.aaaa) === type);
    const head = Buffer.alloc(HEADER_BYTES);
    query.copy(head, 0, 0, 2);
    head.writeUInt16BE(0x8180 | (addresses === undefined ? NO_SUCH_NAME : 0), 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(records.length, 6);
    const answers = records.map((address) => this.record(type, address));
    return Buffer.concat([head, query.subarray(HEADER_BYTES, end), ...answers]);
  }

  private record(type: number, address: string): Buffer {
    const bytes = isIPv4(address) ? Buffer.from(address.split(".").map(Number)) : ipv6Bytes(address);
    const head = Buffer.alloc(HEADER_BYTES);
    // The name is the question's.
    head.writeUInt16BE(0xc000 | HEADER_BYTES, 0);
    head.writeUInt16BE(type, 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt32BE(this.ttlSeconds, 6);
    head.writeUInt16BE(bytes.length, 10);
    return Buffer.concat([head, bytes]);
  }
}

function questionOf(query: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = query[at]!; length > 0; length = query[at]!) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join(".").toLowerCase(), end: at + 5 };
}

/** Of an address that is written out in full but for leading zeros, or shortened once. */
function ipv6Bytes(address: string): Buffer {
  const [left = "", right] = address.split("::");
  const groups = (text: string): string[] => (text === "" ? [] : text.split(":"));
  const tail = right === undefined ? [] : groups(right);
  const head = groups(left);
  const all = [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => "0"), ...tail];
  const bytes = Buffer.alloc(16);
  all.forEach((group, at) => bytes.writeUInt16BE(Number.parseInt(group, 16), at * 2));
  return bytes;
}
