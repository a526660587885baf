// Clients that read slowly beside clients at full load, each stream of bytes that say whose they are: buffers are used
// again all the time, and nobody may ever get a byte of another's.

import { Agent, request as ask, type IncomingMessage } from "node:http";
import { markBytes, MarkedReader } from "./marked-bytes.ts";

export interface SlowReadersPlan {
  readonly port: number;
  readonly seconds: number;
  readonly slowClients: number;
  readonly fastClients: number;
}

export interface SlowReadersFigures {
  readonly streams: number;
  readonly bytes: number;
  readonly faults: readonly string[];
}

/** More than the kernel's buffers of a connection hold, so that writes pend. */
const SLOW_BYTES = 6 << 20;
const FAST_BYTES = [0, 1, 100, 1_024, 16_384, 65_536, 70_001, 200_000];
const SLOW_READ_MS = 5;

export class SlowReaders {
  readonly #plan: SlowReadersPlan;
  readonly #faults: string[] = [];
  #streams = 0;
  #bytes = 0;
  #owners = 0;
  #endMs = 0;

  static async run(plan: SlowReadersPlan): Promise<SlowReadersFigures> {
    return new SlowReaders(plan).#run();
  }

  private constructor(plan: SlowReadersPlan) {
    this.#plan = plan;
  }

  async #run(): Promise<SlowReadersFigures> {
    const { seconds, slowClients, fastClients } = this.#plan;
    this.#endMs = performance.now() + seconds * 1_000;
    await Promise.all([
      ...Array.from({ length: slowClients }, () => this.#client(() => SLOW_BYTES, true)),
      ...Array.from({ length: fastClients }, () =>
        this.#client((owner) => FAST_BYTES[owner % FAST_BYTES.length]!, false),
      ),
    ]);
    return { streams: this.#streams, bytes: this.#bytes, faults: this.#faults };
  }

  /** One kept connection, one exchange after the other. */
  async #client(bytesOf: (owner: number) => number, isSlow: boolean): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    do {
      const owner = this.#owners++;
      const want = bytesOf(owner);
      const reader = new MarkedReader(owner);
      try {
        const status = await this.#exchange(agent, reader, want, isSlow);
        if (status !== 200) this.#faults.push(`stream ${owner} was answered ${status}`);
        else if (reader.length !== want) this.#faults.push(`stream ${owner} got ${reader.length} of ${want} bytes`);
      } catch (error) {
        this.#faults.push(`stream ${owner}: ${(error as Error).message}`);
      }
      if (reader.stray >= 0) this.#faults.push(`stream ${owner} got a stray byte at ${reader.stray}`);
      this.#streams++;
      this.#bytes += reader.length;
    } while (performance.now() < this.#endMs);
    agent.destroy();
  }

  /** Sends marked bytes to be said back, or asks for them; every third by chunks. */
  #exchange(agent: Agent, reader: MarkedReader, bytes: number, isSlow: boolean): Promise<number> {
    const { owner } = reader;
    const isUpload = owner % 4 !== 3;
    const headers = isUpload && owner % 3 !== 0 ? { "content-length": bytes } : {};
    return new Promise((resolve, reject) => {
      const call = ask({
        agent,
        host: "127.0.0.1",
        port: this.#plan.port,
        method: isUpload ? "POST" : "GET",
        path: isUpload ? `/${owner}` : `/${owner}/${bytes}`,
        headers,
      });
      call.on("error", reject);
      call.on("response", (response) => {
        response.on("error", reject);
        response.on("end", () => resolve(response.statusCode!));
        if (response.statusCode === 200) readMarked(response, reader, isSlow);
        else response.resume();
      });
      if (isUpload && bytes > 0) call.write(markedBody(owner, bytes));
      call.end();
    });
  }
}

function markedBody(owner: number, bytes: number): Buffer {
  const body = Buffer.allocUnsafe(bytes);
  markBytes(body, owner, 0);
  return body;
}

function readMarked(response: IncomingMessage, reader: MarkedReader, isSlow: boolean): void {
  response.on("data", (chunk: Buffer) => {
    reader.read(chunk);
    if (!isSlow) return;
    response.pause();
    setTimeout(() => response.resume(), SLOW_READ_MS);
  });
}
