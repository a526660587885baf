// The workers of a proxy process: what each is started with, and where what it tells goes.

import type { WorkerStart } from "../worker/messages.ts";
import { logDrainBound, logFilterLine, logOverload, logSlotError } from "./log.ts";
import type { ProxyProcess } from "./proxy-process.ts";
import type { SocketSource } from "./supervisor-link.ts";
import type { WorkerNews } from "./worker-handle.ts";
import { WorkerPool } from "./worker-pool.ts";

/** Guests' lines from `info` on. */
export const FILTER_LOG_LEVEL = 2;

type Parts = Pick<
  ProxyProcess,
  | "node"
  | "memory"
  | "rows"
  | "pool"
  | "control"
  | "sinks"
  | "tails"
  | "spans"
  | "endpoints"
  | "descriptors"
  | "mirrorOrigin"
  | "log"
>;

export function openWorkerPool(proxy: Parts, count: number, sockets: SocketSource): WorkerPool {
  return new WorkerPool({
    count,
    start: (index, place) => workerStart(proxy, index, place),
    sockets: (index) => sockets.socketsOf(index),
    news: (news, place) => takeNews(proxy, news, place),
    lost: ({ index, place }, reason) => {
      const locks = proxy.memory.reclaim(place);
      const last = proxy.control.slotAt(proxy.memory.lastEntered(place));
      proxy.log.error({ worker: index, reason, last, locks }, "worker lost; it is replaced");
    },
    replaced: ({ index }) => proxy.log.info({ worker: index }, "a worker is replaced and finishes its streams"),
    retired: ({ place }) => void proxy.memory.reclaim(place),
    listenFailed: (sentence) => proxy.log.error(`a worker cannot listen: ${sentence}`),
  });
}

function workerStart(proxy: Parts, index: number, place: number): WorkerStart {
  const { memory } = proxy;
  return {
    index,
    place,
    epoch: memory.epochOf(place),
    node: proxy.node,
    slab: memory.slabs[place]!,
    vitalSigns: memory.vitalSigns[place]!,
    sharedData: memory.sharedData,
    queues: memory.queues,
    places: memory.slabs.length,
    quotas: memory.quotas,
    workers: proxy.pool.count,
    connections: memory.connections,
    descriptors: proxy.descriptors.descriptors,
    metrics: memory.metricsOf(place),
    mirrorOrigin: proxy.mirrorOrigin,
    mirrorClusters: memory.mirrorClustersOf(place),
    calloutClusters: memory.calloutClustersOf(place),
    countedClusters: memory.countedClustersOf(place),
    endpoints: proxy.endpoints.news,
    logLevel: FILTER_LOG_LEVEL,
    recordsWanted: proxy.sinks.length > 0 || proxy.tails.isWanted,
  };
}

function takeNews(proxy: Parts, news: WorkerNews, place: number): void {
  switch (news.type) {
    case "records":
      // Before the sinks, which take the lines over.
      proxy.tails.offer(news.lines);
      for (const sink of proxy.sinks) sink.write(news.lines, news.count);
      return;
    case "spans":
      return proxy.spans.take(news.spans);
    case "slotError": {
      const { slot, revision, cause, message, at, timeMs } = news.error;
      proxy.rows.noteError(slot, revision, { cause, message, at, time: new Date(timeMs).toISOString() });
      return logSlotError(proxy.log, news.error);
    }
    case "overload":
      return logOverload(proxy.log, news.worker, news.change);
    case "filterLog":
      return logFilterLine(proxy.log, news.entry);
    case "drainBound":
      return logDrainBound(proxy.log, news.notice);
    case "metric":
      return proxy.memory.noteMetric(place, news.definition);
    case "mirrorCluster":
      return proxy.memory.noteMirrorCluster(place, news.cluster);
    case "calloutCluster":
      return proxy.memory.noteCalloutCluster(place, news.cluster);
    case "countedCluster":
      return proxy.memory.noteCountedCluster(place, news.cluster);
    case "failing":
      return proxy.endpoints.failing(news.cluster, news.address);
  }
}
