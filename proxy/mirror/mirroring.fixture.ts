// For tests: a chain whose one filter has every request copied, and raw origins that stand for mirrors and keep each byte.

import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { Chain, MemoryServices, Plugin, prepareModule } from "@sluice/abi";
import wabtLoader from "wabt";

const wabt = await wabtLoader();

/** What the filter asks for, on the request's headers. */
export interface MirrorCall {
  readonly cluster: string;
  readonly flags?: number;
}

/** A chain of the slot `m`; with `denies` the filter answers 403 in the same callback. */
export function mirroringChain(calls: readonly MirrorCall[], denies = false): Chain {
  const none = new Uint8Array(0);
  const names = { slot: "m", filter: "m", version: "sha256:v", revision: "sha256:r" };
  const plugin = new Plugin(
    prepareModule(guest(calls, denies)),
    {
      ...names,
      pluginName: "m",
      rootId: "",
      vmId: "m",
      pluginConfig: none,
      vmConfig: none,
      environment: {},
      capabilities: ["headers", "stream", "policy", "callout"],
      limits: { memoryBytes: 1 << 20, fuel: 100_000, depth: 64 },
      isolation: "shared",
      requiresCheck: false,
      bodyCallbacks: "all",
    },
    new MemoryServices(),
  );
  plugin.start();
  const revision = { filter: "m", version: "sha256:v", revision: "sha256:r", notLoaded: null, requiresCheck: false };
  const slot = { name: "m", index: 0, split: null, failOpen: 0, dryRun: false, bodyWhilePaused: false };
  return new Chain([{ ...slot, revisions: [{ ...revision, plugin }] }]);
}

function guest(calls: readonly MirrorCall[], denies: boolean): Uint8Array {
  const data = calls.map(({ cluster }, i) => `(data (i32.const ${1024 + i * 64}) ${JSON.stringify(cluster)})`);
  const made = calls.map(
    ({ cluster, flags = 0 }, i) =>
      `(drop (call $mirror (i32.const ${1024 + i * 64}) (i32.const ${cluster.length}) (i32.const ${flags})))`,
  );
  const zeros = (count: number): string => "(i32.const 0)".repeat(count);
  const reply = `(drop (call $reply (i32.const 403) ${zeros(6)} (i32.const -1)))`;
  const parsed = wabt.parseWat(
    "guest.wat",
    `(module
      (import "sluice" "policy_mirror" (func $mirror (param i32 i32 i32) (result i32)))
      (import "env" "proxy_send_local_response" (func $reply (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      ${data.join("\n")}
      (func (export "proxy_abi_version_0_2_1"))
      (func (export "sluice_policy_abi_version_1"))
      (func (export "proxy_on_memory_allocate") (param i32) (result i32) (i32.const 8192))
      (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
        ${made.join("\n")}
        ${denies ? reply : ""}
        (i32.const ${denies ? 1 : 0})))`,
  );
  try {
    return Uint8Array.from(parsed.toBinary({}).buffer);
  } finally {
    parsed.destroy();
  }
}

/** An origin that keeps what each connection sent, as latin1, and does what its script says. */
export class RawOrigin {
  /** By connection. */
  readonly said: string[] = [];
  readonly sockets: Socket[] = [];
  private readonly server: Server;

  private constructor(script: (socket: Socket, soFar: () => string) => void) {
    this.server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      const at = this.said.push("") - 1;
      this.sockets.push(socket);
      socket.on("error", () => {});
      socket.on("data", (chunk: Buffer) => (this.said[at] += chunk.toString("latin1")));
      socket.on("end", () => socket.end());
      script(socket, () => this.said[at]!);
    });
  }

  static async start(script: (socket: Socket, soFar: () => string) => void): Promise<RawOrigin> {
    const origin = new RawOrigin(script);
    origin.server.listen(0, "127.0.0.1");
    await once(origin.server, "listening");
    return origin;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    if (!this.server.listening) return;
    this.server.close();
    await once(this.server, "close");
  }
}

export const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/** A script that answers whenever what came ends as `isWhole` says. */
export function answering(
  answer: string,
  isWhole: (said: string) => boolean,
): (socket: Socket, soFar: () => string) => void {
  return (socket, soFar) => {
    let answered = 0;
    socket.on("data", () => {
      const rest = soFar().slice(answered);
      if (!isWhole(rest)) return;
      answered += rest.length;
      socket.write(answer.startsWith("HTTP") && rest.startsWith("HEAD") ? answer.slice(0, -2) : answer, "latin1");
    });
  };
}

/** A request is whole: by its length, its last chunk, or its head alone. */
export function isWholeRequest(said: string): boolean {
  const headEnd = said.indexOf("\r\n\r\n") + 4;
  if (headEnd < 4) return false;
  if (said.includes("transfer-encoding: chunked")) return /(^|\r\n)0\r\n([^\r]+\r\n)*\r\n$/.test(said.slice(headEnd));
  const length = Number(/content-length: (\d+)/.exec(said.slice(0, headEnd))?.[1] ?? 0);
  return said.length >= headEnd + length;
}
