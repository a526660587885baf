// One revision on one thread: its root context, its instances, its ticks. The control path makes and closes it; the
// stream engine acquires instances from it and gives them back.

import type { ModuleArtifact } from "../module/artifact.ts";
import type { CapabilityFamily } from "../spec/row.ts";
import type { GuestFailure } from "./guest-failure.ts";
import { Instance } from "./instance.ts";
import type { HostServices } from "./services.ts";

/** What a guest may use. */
export interface PluginLimits {
  readonly memoryBytes: number;
  /** Instructions a callback may spend. */
  readonly fuel: number;
  readonly depth: number;
}

/** One revision in one slot, everything compiled from documents. */
export interface PluginSpec {
  readonly slot: string;
  readonly filter: string;
  /** Digest of the version. */
  readonly version: string;
  /** Digest of the revision. */
  readonly revision: string;
  /** What `plugin_name`, `plugin_root_id` and `plugin_vm_id` say. Shared data is named by the vm id. */
  readonly pluginName: string;
  readonly rootId: string;
  readonly vmId: string;
  readonly pluginConfig: Uint8Array;
  readonly vmConfig: Uint8Array;
  /** What WASI `environ_get` shows; never the process's own. */
  readonly environment: Readonly<Record<string, string>>;
  /** The whole grant, defaults included. */
  readonly capabilities: readonly CapabilityFamily[];
  readonly limits: PluginLimits;
  readonly isolation: "stream" | "shared";
  /** `requires: [check]` of filter.yaml. */
  readonly requiresCheck: boolean;
  /** `none`: body callbacks are not called though they are exported. */
  readonly bodyCallbacks: "all" | "none";
}

export class Plugin {
  readonly artifact: ModuleArtifact;
  readonly spec: PluginSpec;
  readonly services: HostServices;
  /** Bits of PHASE: the callbacks streams call. Known before start(). */
  readonly phases: number;
  /** Why no instance can be had now: start failed again after a trap. Null while all is well; then `acquire` returning null means "pool empty". */
  failure: string | null = null;

  constructor(artifact: ModuleArtifact, spec: PluginSpec, services: HostServices) {
    this.artifact = artifact;
    this.spec = spec;
    this.services = services;
    this.phases = 0;
  }

  /** Instantiates, starts and configures the root. Throws SluiceError (E12xx) when the guest refuses or fails. */
  start(): void {}

  /** An instance for one stream's slot; null when the pool is empty or `failure` is set. A dead shared instance is remade here. */
  acquire(): Instance | null {
    return null;
  }

  /** Gives an instance back after the last phase of the stream (dead ones too). Isolated ones are reset from the image. */
  release(instance: Instance): void {
    void instance;
  }

  /** Instances alive on this thread, the root's included. */
  get instancesLive(): number {
    return 0;
  }

  /** Bytes of guest memory held. */
  get memoryBytes(): number {
    return 0;
  }

  /** proxy_on_done and proxy_on_delete of the root, ticks stopped, instances dropped. Streams must be gone. */
  close(): void {}
}

export type { GuestFailure, Instance };
