// How the proxy process gets its listening sockets: from the supervisor over IPC; or, started alone (tests, debugging),
// from nobody: then every worker binds the address itself.

import type { Address } from "../contract/index.ts";
import { ACCEPTS_PER_TURN } from "../transport/limits.ts";
import type { WorkerListener } from "../worker/messages.ts";

export interface NamedAddress extends Address {
  readonly name: string;
}

export interface SocketSource {
  /** Reserves the addresses for so many workers; answers the ports. Throws with one sentence when one is not to be had. */
  open(listeners: readonly NamedAddress[], workers: number): Promise<Readonly<Record<string, number>>>;
  /** Where one worker listens; asked anew at every start of a worker. */
  socketsOf(worker: number): Promise<WorkerListener[]>;
  tellReady(facts: object): void;
  /** Number of the deployment that serves; 0 without one. */
  tellServing(number: number): void;
  /** The process ends, and takes at most so long for it. */
  tellStopping(withinMs: number): void;
  /** Nothing listens any more once the workers do not. */
  close(): void;
}

type FromSupervisor =
  | { readonly type: "socketsOpen"; readonly ports: Record<string, number>; readonly kind: "handles" | "addresses" }
  | { readonly type: "socketsFailed"; readonly message: string }
  | { readonly type: "socket"; readonly listener: string; readonly worker: number }
  | { readonly type: "stop" };

export class SupervisorLink implements SocketSource {
  private readonly channel: NodeJS.Process;
  private readonly waiting: ((message: FromSupervisor, handle: unknown) => boolean)[] = [];
  // A handle must neither be closed nor collected: a worker has opened its descriptor as its own.
  private readonly handles: unknown[] = [];
  private listeners: readonly NamedAddress[] = [];
  private kind: "handles" | "addresses" = "addresses";

  constructor(channel: NodeJS.Process, stop: (isAbandoned: boolean) => void) {
    this.channel = channel;
    channel.on("message", (message: FromSupervisor, handle: unknown) => {
      if (message.type === "stop") return stop(false);
      const at = this.waiting.findIndex((take) => take(message, handle));
      if (at >= 0) this.waiting.splice(at, 1);
    });
    channel.on("disconnect", () => stop(true));
  }

  async open(listeners: readonly NamedAddress[], workers: number): Promise<Readonly<Record<string, number>>> {
    const compileCache = process.env["NODE_COMPILE_CACHE"];
    this.channel.send!({ type: "sockets", listeners, workers, compileCache });
    const { message } = await this.next(
      (candidate) => candidate.type === "socketsOpen" || candidate.type === "socketsFailed",
    );
    if (message.type !== "socketsOpen") throw new Error((message as { message: string }).message);
    this.kind = message.kind;
    this.listeners = listeners.map((listener) => ({ ...listener, port: message.ports[listener.name]! }));
    return message.ports;
  }

  socketsOf(worker: number): Promise<WorkerListener[]> {
    return Promise.all(this.listeners.map((listener) => this.socketOf(listener, worker)));
  }

  tellReady(facts: object): void {
    this.channel.send!({ type: "ready", ...facts });
  }

  tellServing(number: number): void {
    this.channel.send!({ type: "serving", number });
  }

  tellStopping(withinMs: number): void {
    if (this.channel.connected) this.channel.send!({ type: "stopping", withinMs });
  }

  close(): void {
    if (this.channel.connected) this.channel.send!({ type: "closeSockets" });
  }

  private async socketOf(listener: NamedAddress, worker: number): Promise<WorkerListener> {
    const { name, host, port } = listener;
    if (this.kind === "addresses") return { name, at: { host, port, reusePort: true } };
    // Each answer is another descriptor of the same socket.
    const at = await Promise.all(Array.from({ length: ACCEPTS_PER_TURN }, () => this.descriptorOf(name, worker)));
    return { name, at };
  }

  private async descriptorOf(listener: string, worker: number): Promise<number> {
    this.channel.send!({ type: "socket", listener, worker });
    const { handle } = await this.next(
      (message) => message.type === "socket" && message.listener === listener && message.worker === worker,
    );
    this.handles.push(handle);
    return (handle as { readonly fd: number }).fd;
  }

  private next(wanted: (message: FromSupervisor) => boolean): Promise<{ message: FromSupervisor; handle: unknown }> {
    return new Promise((resolve) => {
      this.waiting.push((message, handle) => {
        if (!wanted(message)) return false;
        resolve({ message, handle });
        return true;
      });
    });
  }
}

/** Without a supervisor: workers bind by themselves. */
export class OwnSockets implements SocketSource {
  private listeners: readonly NamedAddress[] = [];

  open(listeners: readonly NamedAddress[]): Promise<Readonly<Record<string, number>>> {
    this.listeners = listeners;
    return Promise.resolve(Object.fromEntries(listeners.map(({ name, port }) => [name, port])));
  }

  socketsOf(): Promise<WorkerListener[]> {
    return Promise.resolve(
      this.listeners.map(({ name, host, port }) => ({ name, at: { host, port, reusePort: true } })),
    );
  }

  tellReady(): void {}

  tellServing(): void {}

  tellStopping(): void {}

  close(): void {}
}
