// The smallest host that the suite can ask: a few hostcalls written down once more from the specification, the rest refused.
// It shows that the suite knows nothing of our classes, and, told to lie, that the suite notices.
import { HOSTCALLS, LogLevel, POLICY_HOSTCALLS, Status } from "@sluice/abi/spec";
import type { Exchange } from "./exchange.ts";
import { FIRST_STREAM, ROOT_CONTEXT, type GuestSettings, type Host, type HostedGuest, type LogLine } from "./host.ts";
import { hostcallRow } from "./rows.ts";

/** A hostcall of this host; it sees the guest that makes it. */
export type TinyHostcall = (guest: TinyGuest, ...args: number[]) => number;

const HONEST: Readonly<Record<string, TinyHostcall>> = {
  proxy_log(guest, level, at, size) {
    if (level! > LogLevel.Critical) return Status.BadArgument;
    if (!guest.has(at!, size!)) return Status.InvalidMemoryAccess;
    guest.log(level!, guest.text(at!, size!));
    return Status.Ok;
  },
  proxy_get_current_time_nanoseconds(guest, at) {
    if (!guest.has(at!, 8)) return Status.InvalidMemoryAccess;
    guest.view.setBigUint64(at!, 1n, true);
    return Status.Ok;
  },
  proxy_get_property(guest, at, size, valueAt, sizeAt) {
    if (!guest.has(at!, size!)) return Status.InvalidMemoryAccess;
    if (guest.text(at!, size!) !== "plugin_name") return Status.NotFound;
    return guest.give("fixture", valueAt!, sizeAt!);
  },
  proxy_set_effective_context(guest, id) {
    if (id !== ROOT_CONTEXT && !guest.streams.has(id!)) return Status.BadArgument;
    guest.acting = id!;
    return Status.Ok;
  },
  proxy_remove_header_map_value(guest, mapType, at, size) {
    if (mapType! > 7) return Status.BadArgument;
    if (!guest.has(at!, size!)) return Status.InvalidMemoryAccess;
    const name = guest.text(at!, size!);
    const { exchange } = guest;
    const map = exchange?.maps[mapType!] ?? null;
    if (map === null || exchange!.isReadOnly || !guest.isAllowed("proxy_remove_header_map_value"))
      return Status.BadArgument;
    exchange!.maps[mapType!] = map.filter(([each]) => each !== name);
    return Status.Ok;
  },
};

export class TinyHost implements Host {
  readonly name = "tiny";
  private readonly hostcalls: Readonly<Record<string, TinyHostcall>>;

  /** `lies` stand in the place of its own hostcalls. */
  constructor(lies: Readonly<Record<string, TinyHostcall>> = {}) {
    this.hostcalls = { ...HONEST, ...lies };
  }

  start(module: Uint8Array, settings: GuestSettings): HostedGuest {
    return new TinyGuest(module, settings, this.hostcalls);
  }
}

type Exported = (...args: number[]) => number | undefined;

export class TinyGuest implements HostedGuest {
  readonly logs: LogLine[] = [];
  readonly callouts = [];
  readonly streams = new Map<number, Exchange>();
  /** The context that hostcalls mean, and the export that runs; null for the allocator. */
  acting = 0;
  private running: string | null = "_initialize";
  private readonly exports: Record<string, unknown>;
  private nextId = FIRST_STREAM;

  constructor(bytes: Uint8Array, settings: GuestSettings, hostcalls: Readonly<Record<string, TinyHostcall>>) {
    const env: Record<string, Exported> = {};
    for (const { name } of [...HOSTCALLS, ...POLICY_HOSTCALLS]) env[name] = this.imported(name, hostcalls[name]);
    const module = new WebAssembly.Module(new Uint8Array(bytes));
    this.exports = new WebAssembly.Instance(module, { env, sluice: env }).exports;
    this.enter("_initialize", 0);
    this.enter("proxy_on_context_create", ROOT_CONTEXT, 0);
    if (this.enter("proxy_on_vm_start", ROOT_CONTEXT, settings.vmConfig.length) === 0) throw new Error("refused");
    if (this.enter("proxy_on_configure", ROOT_CONTEXT, settings.pluginConfig.length) === 0) throw new Error("refused");
  }

  createStream(exchange: Exchange): number {
    const id = this.nextId++;
    this.streams.set(id, exchange);
    this.enter("proxy_on_context_create", id, ROOT_CONTEXT);
    return id;
  }

  call(callback: string, contextId: number, ...rest: number[]): number {
    const result = this.enter(callback, contextId, ...rest);
    if (callback === "proxy_on_delete") this.streams.delete(contextId);
    return result ?? 0;
  }

  memory(): Uint8Array {
    return new Uint8Array(this.view.buffer.slice(0));
  }

  metric(): null {
    return null;
  }
  observed(): readonly number[] {
    return [];
  }
  advance(): void {}
  callForeign(): void {}

  // ── What its hostcalls ask ──

  get view(): DataView<ArrayBuffer> {
    return new DataView((this.exports["memory"] as WebAssembly.Memory).buffer as ArrayBuffer);
  }
  get exchange(): Exchange | null {
    return this.streams.get(this.acting) ?? null;
  }
  has(at: number, size: number): boolean {
    return at + size <= this.view.byteLength;
  }
  text(at: number, size: number): string {
    return Buffer.from(this.view.buffer, at, size).toString();
  }
  isAllowed(hostcall: string): boolean {
    return hostcallRow(hostcall).callbacks.includes(this.running!);
  }
  log(level: number, message: string): void {
    this.logs.push({ level, message, source: "guest", contextId: this.acting });
  }

  /** A block of the guest's with the text in it. */
  give(text: string, valueAt: number, sizeAt: number): number {
    if (!this.has(valueAt, 4) || !this.has(sizeAt, 4)) return Status.InvalidMemoryAccess;
    const { acting, running } = this;
    this.running = null;
    const block = (this.exports["proxy_on_memory_allocate"] as Exported)(text.length)!;
    Object.assign(this, { acting, running });
    Buffer.from(this.view.buffer).write(text, block);
    this.view.setUint32(valueAt, block, true);
    this.view.setUint32(sizeAt, text.length, true);
    return Status.Ok;
  }

  private enter(name: string, contextId: number, ...rest: number[]): number | undefined {
    this.acting = contextId;
    this.running = name;
    return (this.exports[name] as Exported | undefined)?.(contextId, ...rest);
  }

  private imported(name: string, hostcall: TinyHostcall | undefined): Exported {
    return (...args) => {
      const moment = this.running === null ? "allocator" : this.running === "_initialize" ? "start" : null;
      if (moment !== null && !hostcallRow(name).callbacks.includes(moment)) throw new Error(`${name} at ${moment}`);
      return hostcall === undefined
        ? Status.InternalFailure
        : hostcall(this, ...args.map((value) => (typeof value === "bigint" ? value : value >>> 0)));
    };
  }
}
