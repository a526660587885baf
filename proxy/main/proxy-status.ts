// What a proxy says of itself to the registry.

import type { ProxyCounters, ProxyStatus } from "../contract/index.ts";
import type { ProxyProcess } from "./proxy-process.ts";

type Parts = Pick<ProxyProcess, "control" | "memory" | "rows" | "pool" | "isDraining" | "book">;

export function proxyStatus(proxy: Parts): ProxyStatus {
  const { control, book } = proxy;
  return {
    applied: control.applied,
    refused: control.refused,
    ready: unreadiness(proxy).length === 0,
    notLoaded: control.notLoaded,
    overrides: book.shown,
    overrideEvents: book.unreported,
    counters: proxyCounters(proxy),
  };
}

export function proxyCounters({ memory, rows }: Pick<Parts, "memory" | "rows">): ProxyCounters {
  const exchange = memory.exchange();
  const classes = ["1xx", "2xx", "3xx", "4xx", "5xx"];
  return {
    requests: exchange["streamsTotal"]!,
    responses: Object.fromEntries(classes.map((name) => [name, exchange[`responses${name}`]!])),
    connections: exchange["connectionsLive"]!,
    streams: exchange["streamsLive"]!,
    revisions: rows.counters(),
    keyless: rows.keyless(),
    mirrors: memory.mirrors(),
    quotas: { ...memory.quotaBook.tableCounts() },
  };
}

/** Why no traffic should come here; empty: ready. */
export function unreadiness({ control, pool, isDraining }: Pick<Parts, "control" | "pool" | "isDraining">): string[] {
  return [
    ...(isDraining ? ["the proxy drains"] : []),
    ...(pool.servingCount === 0 ? ["no worker serves"] : []),
    ...control.unreadiness,
  ];
}
