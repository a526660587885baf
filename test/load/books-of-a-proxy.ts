// What a proxy of this process holds, counted where it is held: after every stream has ended all of it must be nothing.

import { Chain, MemoryServices, Plugin, prepareModule } from "@sluice/abi";
import { EXCHANGE_COUNTER } from "../../proxy/exchange/exchange-counters.ts";
import type { Loopback } from "../../proxy/exchange/loopback.ts";
import { fixtureModule } from "../fixtures/fixture-module.ts";

export interface Holdings {
  readonly connections: number;
  readonly streams: number;
  readonly pins: number;
  /** Of the byte account. */
  readonly bytes: number;
  /** Upstream connections that serve nobody and are not kept for anybody either. */
  readonly strayUpstreams: number;
}

export const NOTHING: Holdings = { connections: 0, streams: 0, pins: 0, bytes: 0, strayUpstreams: 0 };

export function holdingsOf({ server, pins, account, counters }: Loopback): Holdings {
  return {
    connections: server.connections,
    streams: server.streams,
    pins,
    bytes: account.held,
    strayUpstreams:
      counters[EXCHANGE_COUNTER.upstreamConnectionsLive]! - counters[EXCHANGE_COUNTER.upstreamConnectionsIdle]!,
  };
}

/** TCP sockets of this process, connected or about to be. */
export function openSockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;
}

/** A filter with every callback of a stream, in an instance of its own for each; all of them are to come home. */
export async function watchfulPlugin(): Promise<Plugin> {
  const none = new Uint8Array(0);
  const plugin = new Plugin(
    prepareModule(await fixtureModule("watch-everything")),
    {
      slot: "watchful",
      filter: "watchful",
      version: "sha256:v",
      revision: "sha256:r",
      pluginName: "watchful",
      rootId: "",
      vmId: "watchful",
      pluginConfig: none,
      vmConfig: none,
      environment: {},
      capabilities: ["headers", "body", "stream"],
      limits: { memoryBytes: 1 << 20, fuel: 100_000, depth: 64 },
      isolation: "stream",
      requiresCheck: false,
      bodyCallbacks: "all",
    },
    new MemoryServices(),
  );
  plugin.start();
  return plugin;
}

/** A chain of that one filter. */
export function chainWith(plugin: Plugin): Chain {
  const revision = { filter: "watchful", version: "sha256:v", revision: "sha256:r", notLoaded: null };
  const slot = { name: "watchful", index: 0, split: null, failOpen: 0, dryRun: false, bodyWhilePaused: false };
  return new Chain([{ ...slot, revisions: [{ ...revision, requiresCheck: false, plugin }] }]);
}
