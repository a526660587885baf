// What all instances of one plugin on one thread share: its spec, its services, its attribute and metric ids, its log
// with the bounds on it. Instances come and go, what is here stays.

import { DECLARED_PROPERTIES_MAX } from "../foreign/limits.ts";
import { MatcherTable } from "../matcher/matcher-table.ts";
import type { ModuleArtifact } from "../module/artifact.ts";
import type { QueueReceiver } from "../shared/queue-store.ts";
import type { Quota } from "../quota/quota-backend.ts";
import { AttributeTable } from "./attributes.ts";
import type { Caller } from "./caller.ts";
import { FrameNames } from "./frame-names.ts";
import { LOG_LINES_PER_SECOND, QUOTAS_KEPT_MAX } from "./limits.ts";
import { printable } from "./log-text.ts";
import { MetricIds } from "./metric-ids.ts";
import type { PluginSpec } from "./plugin.ts";
import type { HostServices, LogLevel } from "./services.ts";

/** What hostcalls ask of the plugin as a whole. */
export interface RootControl extends QueueReceiver {
  setTickPeriod(periodMs: number): void;
  /** The root said that it is done; no guest frame is on the stack. */
  rootDone(): void;
  /**
   * Runs a callback that something outside the guest brought about: a callout's answer, a queue's item. A failure harms
   * the streams that need the instance and nobody else; nothing runs once the plugin is closed.
   */
  arrives(guest: Caller, callback: () => void): void;
}

export class PluginScope {
  readonly spec: PluginSpec;
  readonly services: HostServices;
  readonly root: RootControl;
  /** In 0.1.0 a header that is absent reads as empty. */
  readonly absentIsEmpty: boolean;
  /** For the messages of failures. */
  readonly frameNames: FrameNames;
  readonly attributes = new AttributeTable();
  readonly metrics: MetricIds;
  readonly matchers = new MatcherTable();
  /** By declared property, whether it is set once in a stream; null until one is declared. */
  declared: Map<string, boolean> | null = null;
  private readonly ownProperties: ReadonlyMap<string, Uint8Array>;
  private readonly quotas: { readonly name: Uint8Array; readonly quota: Quota }[] = [];
  private readonly said = new Set<string>();
  private logSecond = 0;
  private logLines = 0;

  constructor(spec: PluginSpec, artifact: ModuleArtifact, services: HostServices, root: RootControl) {
    this.spec = spec;
    this.services = services;
    this.root = root;
    this.absentIsEmpty = artifact.inspection.abi === "0.1.0";
    this.frameNames = new FrameNames(artifact.meter.offsets, spec.sourceMap ?? null);
    this.ownProperties = new Map([
      ["plugin_name", Buffer.from(spec.pluginName)],
      ["plugin_root_id", Buffer.from(spec.rootId)],
      ["plugin_vm_id", Buffer.from(spec.vmId)],
    ]);
    this.metrics = new MetricIds(spec.slot, services.metrics);
  }

  /**
   * `plugin_name`, `plugin_root_id`, `plugin_vm_id`, and what quotas are: readable at every moment, the C++ SDK asks for
   * one in the root's creation.
   */
  ownProperty(path: string): Uint8Array | null {
    if (path.startsWith("plugin_")) return this.ownProperties.get(path) ?? null;
    return path.startsWith(QUOTA_PREFIX) ? this.quotaProperty(path) : null;
  }

  private quotaProperty(path: string): Uint8Array | null {
    const end = path.lastIndexOf("\0");
    const quota = end < QUOTA_PREFIX.length ? null : this.services.quotas.find(path.slice(QUOTA_PREFIX.length, end));
    if (quota === null) return null;
    const field = path.slice(end + 1);
    if (field === "burst") return int64(quota.burst);
    return field === "window_ms" ? int64(quota.windowMs) : null;
  }

  /** False: declared already, or too many are. */
  declareProperty(path: string, isReadOnly: boolean): boolean {
    this.declared ??= new Map();
    if (this.declared.has(path) || this.declared.size >= DECLARED_PROPERTIES_MAX) return false;
    this.declared.set(path, isReadOnly);
    return true;
  }

  /** The quota that the guest names at [at, at + length) of its memory. The few that it asks for are kept: no string is made. */
  quotaAt(bytes: Uint8Array, at: number, length: number): Quota | null {
    for (const { name, quota } of this.quotas) if (isAt(name, bytes, at, length)) return quota;
    const name = bytes.slice(at, at + length);
    const quota = this.services.quotas.find(Buffer.from(name.buffer).toString("latin1"));
    if (quota !== null && this.quotas.length < QUOTAS_KEPT_MAX) this.quotas.push({ name, quota });
    return quota;
  }

  rootDone(): void {
    this.root.rootDone();
  }

  /** A line of the guest's; `bytes` may be a view of its memory. */
  logGuest(level: LogLevel, contextId: number, bytes: Uint8Array): void {
    if (level < this.services.logLevel || !this.mayLog()) return;
    this.write(level, "guest", contextId, printable(bytes));
  }

  /** A line of ours about the guest. */
  logHost(level: LogLevel, contextId: number, message: string): void {
    if (level >= this.services.logLevel && this.mayLog()) this.write(level, "host", contextId, message);
  }

  /** The same, once in the plugin's life for each `key`. */
  logOnce(key: string, level: LogLevel, message: string): void {
    if (this.said.has(key)) return;
    this.said.add(key);
    this.logHost(level, 0, message);
  }

  private write(level: LogLevel, source: "guest" | "host", contextId: number, message: string): void {
    const { slot, filter, revision } = this.spec;
    this.services.log({ level, message, source, slot, filter, revision, contextId });
  }

  /** A filter may not flood the log of a proxy: lines beyond the bound are counted and said with the next second's first. */
  private mayLog(): boolean {
    const second = Math.floor(this.services.clock.monotonicMs() / 1000);
    if (second !== this.logSecond) {
      const dropped = this.logLines - LOG_LINES_PER_SECOND;
      this.logSecond = second;
      this.logLines = 0;
      if (dropped > 0)
        this.write(3, "host", 0, `${dropped} log lines dropped: more than ${LOG_LINES_PER_SECOND} in a second`);
    }
    this.logLines++;
    return this.logLines <= LOG_LINES_PER_SECOND;
  }
}

/** `quota.NAME.burst` and `quota.NAME.window_ms`. */
const QUOTA_PREFIX = "quota\0";

function isAt(name: Uint8Array, bytes: Uint8Array, at: number, length: number): boolean {
  if (name.length !== length) return false;
  for (let i = 0; i < length; i++) if (bytes[at + i] !== name[i]) return false;
  return true;
}

function int64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, BigInt(value), true);
  return bytes;
}
