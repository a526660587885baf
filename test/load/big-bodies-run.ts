// Bodies far larger than memory through a whole proxy: what its processes hold while they pass, and whether every byte
// arrives at its place.

import { request as ask, type ClientRequest, type IncomingMessage } from "node:http";
import { largestResidentMebibytes } from "../bench/process-tree.ts";
import { Installation } from "../e2e/installation.ts";
import { fixtureModule } from "../fixtures/fixture-module.ts";
import { markBytes, MarkedReader } from "./marked-bytes.ts";
import { startMarkedOrigin } from "./marked-origin.ts";

export interface BigBodiesFigures {
  readonly seconds: number;
  /** By how much the resident memory of the process with the workers was above what it had been before, at the most. */
  readonly extraMebibytes: number;
  readonly faults: readonly string[];
}

const PIECE_BYTES = 65_536;
const LOOK_EVERY_MS = 50;
/** What a proxy takes once, when it has work for the first time. */
const WARM_UP_BYTES = 16 << 20;
/** Odd, so that the origin reads at full speed. */
const OWNER = 1;
const deployment = `apiVersion: sluice/v1
kind: Deployment
name: default
slots:
  - { name: marker, phase: OTHER, revisions: [{ filter: marker, module: marker.wasm, pluginConfig: v1 }] }
`;

/** `bytes` down, then as many up, which come back too: three times that through the proxy. */
export async function passBigBodies(bytes: number): Promise<BigBodiesFigures> {
  const installation = await Installation.create();
  const origin = await startMarkedOrigin();
  try {
    installation.writeFor("big", "marker.wasm", await fixtureModule("revision-marker"));
    const { port, program } = await installation.startProxy("big", {
      deployment,
      sinks: "[]",
      originPort: origin.port,
      routeTimeout: "1h",
    });
    const faults = [...(await down(port, WARM_UP_BYTES)), ...(await up(port, WARM_UP_BYTES))];
    const memory = new MemoryWatch(program.child.pid!);
    const startedMs = performance.now();
    faults.push(...(await down(port, bytes)), ...(await up(port, bytes)), ...origin.faults);
    return { seconds: (performance.now() - startedMs) / 1_000, extraMebibytes: memory.stop(), faults };
  } finally {
    await installation.close();
    await origin.close();
  }
}

async function down(port: number, bytes: number): Promise<string[]> {
  const reader = new MarkedReader(OWNER);
  const call = ask({ host: "127.0.0.1", port, path: `/${OWNER}/${bytes}`, agent: false });
  call.end();
  return readAnswer(call, reader, bytes, "down");
}

async function up(port: number, bytes: number): Promise<string[]> {
  const reader = new MarkedReader(OWNER);
  const headers = { "content-length": bytes };
  const call = ask({ host: "127.0.0.1", port, path: `/${OWNER}`, method: "POST", headers, agent: false });
  sendMarked(call, bytes);
  return readAnswer(call, reader, bytes, "up and back");
}

function sendMarked(call: ClientRequest, bytes: number): void {
  let sent = 0;
  const go = (): void => {
    while (sent < bytes) {
      const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, bytes - sent));
      markBytes(piece, OWNER, sent);
      sent += piece.length;
      if (!call.write(piece)) return void call.once("drain", go);
    }
    call.end();
  };
  go();
}

async function readAnswer(call: ClientRequest, reader: MarkedReader, bytes: number, way: string): Promise<string[]> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    call.once("response", resolve);
    call.once("error", reject);
  });
  for await (const chunk of response as AsyncIterable<Buffer>) reader.read(chunk);
  return [
    ...(response.statusCode === 200 ? [] : [`${way}: answered ${response.statusCode}`]),
    ...(reader.stray < 0 ? [] : [`${way}: a stray byte at ${reader.stray}`]),
    ...(reader.length === bytes ? [] : [`${way}: ${reader.length} of ${bytes} bytes`]),
  ];
}

/** The most that the process with the workers is above its resident memory now. */
class MemoryWatch {
  readonly #pid: number;
  readonly #before: number;
  #most: number;
  readonly #timer: NodeJS.Timeout;

  constructor(pid: number) {
    this.#pid = pid;
    this.#before = this.#most = largestResidentMebibytes(pid);
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  #look(): void {
    this.#most = Math.max(this.#most, largestResidentMebibytes(this.#pid));
  }

  stop(): number {
    this.#look();
    clearInterval(this.#timer);
    return this.#most - this.#before;
  }
}
