// What the admin port's calls answer.

import { SluiceError } from "@sluice/abi";
import type { AdminCalls } from "../admin/admin-server.ts";
import { metricsText } from "../admin/metrics-text.ts";
import { PROXY_ERRORS } from "../errors.ts";
import { openTailStream } from "../tail/tail-stream.ts";
import type { SlotPlan } from "../snapshot/plan.ts";
import { boundsStatus } from "./bounds-status.ts";
import { proxyCounters, unreadiness } from "./proxy-status.ts";
import type { ProxyProcess } from "./proxy-process.ts";
import { workersStatus } from "./workers-status.ts";

export function adminCalls(proxy: ProxyProcess): AdminCalls {
  return {
    healthz: () => ({ status: 200, body: "ok\n" }),
    readyz: () => {
      const reasons = unreadiness(proxy);
      return { status: reasons.length === 0 ? 200 : 503, body: { ready: reasons.length === 0, reasons } };
    },
    metrics: () => ({ status: 200, body: metrics(proxy) }),
    snapshot: () => ({ status: 200, body: snapshot(proxy) }),
    stats: async () => ({ status: 200, body: await stats(proxy) }),
    reload: async () => {
      await proxy.reload();
      return { status: 200, body: { generation: proxy.control.serving?.plan.generation ?? null } };
    },
    overrides: () => ({ status: 200, body: proxy.overrides.list() }),
    override: async ({ body, who }) => ({ status: 200, body: await proxy.overrides.set(body, who) }),
    clearOverride: async ({ body, who }) => ({ status: 200, body: await proxy.overrides.clear(body, who) }),
    tail: ({ query }) => ({ stream: openTailStream(proxy.tails, query) }),
    replaceWorker: ({ query }) => {
      const index = Number(query.get("index") ?? Number.NaN);
      const isFound = proxy.pool.replaceWorker(index, "an operator asked for it");
      return { status: isFound ? 202 : 404, body: { replacing: isFound ? index : null } };
    },
    profile: ({ query }) => ({ stream: proxy.profiles.take(query) }),
    replaceWorkers: () => {
      if (proxy.replacement.isRunning)
        throw new SluiceError(PROXY_ERRORS.replacementBusy, "A replacement of the workers is under way.");
      void proxy.replaceWorkers();
      return { status: 202, body: { replacing: proxy.pool.count } };
    },
    drain: () => {
      proxy.endProcess();
      return { status: 202, body: { draining: true } };
    },
  };
}

function metrics(proxy: ProxyProcess): string {
  const { memory, rows, pool, control, book } = proxy;
  const { revisions, keyless, mirrors, quotas } = proxyCounters(proxy);
  return metricsText({
    exchange: memory.exchange(),
    revisions,
    histograms: rows.histograms(),
    keyless,
    mirrors,
    callouts: memory.callouts(),
    clusters: memory.clusters(),
    endpoints: proxy.endpoints.view,
    quotas,
    quotaCounts: memory.quotaBook.counts(),
    spans: { ...proxy.spans.counts },
    filterMetrics: memory.filterMetrics(),
    gauges: {
      deployment_number: control.serving?.plan.number ?? 0,
      snapshot_generation: control.serving?.plan.generation ?? 0,
      workers_serving: pool.servingCount,
      overrides: book.inForce.length,
    },
  });
}

function snapshot({ control, book }: ProxyProcess): object {
  const plan = control.serving?.plan;
  if (plan === undefined) return { number: null, generation: 0, refused: control.refused };
  const { number, generation, routes, clusters, limits } = plan;
  const { shown: overrides } = book;
  return {
    number,
    generation,
    refused: control.refused,
    overrides,
    slots: plan.slots.map(slotView),
    routes,
    clusters,
    limits,
  };
}

/** Each cluster: what is under way and became of requests, and how its endpoints do. */
function clustersStatus({ memory, endpoints }: ProxyProcess): object[] {
  const counters = new Map(memory.clusters().map((one) => [one.cluster, one]));
  return endpoints.view.map((view) => ({ ...view, counters: counters.get(view.cluster) ?? null }));
}

function slotView(slot: SlotPlan): object {
  const { name, routes, dryRun, split, revisions } = slot;
  return {
    slot: name,
    routes,
    failStrategy: slot.failOpen === 0 ? "FAIL_CLOSE" : "FAIL_OPEN",
    dryRun,
    split,
    revisions: revisions.map(({ filter, version, revision, weight, load }) => {
      return { filter, version, revision, weight, notLoaded: "notLoaded" in load ? load.notLoaded : null };
    }),
  };
}

async function stats(proxy: ProxyProcess): Promise<object> {
  const { control, sinks, link, book } = proxy;
  return {
    ready: unreadiness(proxy).length === 0,
    applied: control.applied,
    refused: control.refused,
    notLoaded: control.notLoaded,
    overrides: { inForce: book.shown, isKept: book.isKept, unreported: book.unreported.length },
    registry: link === null ? null : { connected: link.isConnected },
    counters: proxyCounters(proxy),
    clusters: clustersStatus(proxy),
    workers: await workersStatus(proxy),
    bounds: boundsStatus(proxy.memory.exchange(), proxy.descriptors),
    tails: proxy.tails.figures,
    sinks: sinks.map(({ name, dropped, failure }) => ({ name, dropped, failure })),
  };
}
