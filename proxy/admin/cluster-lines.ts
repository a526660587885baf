// Clusters and their endpoints as Prometheus text.

import type { ClusterCounters } from "../counters/cluster-counters.ts";
import type { ClusterView } from "../endpoints/cluster-watch.ts";

export function clusterLines(clusters: readonly ClusterCounters[]): string[] {
  const line = (name: string, value: (one: ClusterCounters) => number): string[] =>
    clusters.map((one) => `sluice_cluster_${name}{cluster="${one.cluster}"} ${value(one)}`);
  const labelled = (name: string, label: string, counts: (one: ClusterCounters) => Record<string, number>): string[] =>
    clusters.flatMap((one) =>
      Object.entries(counts(one)).map(
        ([key, count]) => `sluice_cluster_${name}{cluster="${one.cluster}",${label}="${key}"} ${count}`,
      ),
    );
  return [
    "# TYPE sluice_cluster_requests_total counter",
    ...line("requests_total", ({ requests }) => requests),
    "# TYPE sluice_cluster_responses_total counter",
    ...labelled("responses_total", "class", ({ responses }) => responses),
    "# HELP sluice_cluster_failures_total Why requests failed, by the flag of their record.",
    "# TYPE sluice_cluster_failures_total counter",
    ...labelled("failures_total", "flag", ({ failures }) => failures),
    "# TYPE sluice_cluster_requests_waited_total counter",
    ...line("requests_waited_total", ({ waited }) => waited),
    "# TYPE sluice_cluster_requests_active gauge",
    ...line("requests_active", ({ active }) => active),
    "# TYPE sluice_cluster_requests_waiting gauge",
    ...line("requests_waiting", ({ waiting }) => waiting),
    "# TYPE sluice_cluster_connections gauge",
    ...line("connections", ({ connections }) => connections),
  ];
}

export function endpointLines(clusters: readonly ClusterView[]): string[] {
  const all = clusters.flatMap(({ cluster, endpoints }) => endpoints.map((one) => ({ cluster, ...one })));
  return [
    "# HELP sluice_cluster_panic 1: so few endpoints serve that all are asked.",
    "# TYPE sluice_cluster_panic gauge",
    ...clusters.map(({ cluster, isPanicking }) => `sluice_cluster_panic{cluster="${cluster}"} ${isPanicking ? 1 : 0}`),
    "# HELP sluice_endpoint_up 0: by its health check, or ejected for its failures.",
    "# TYPE sluice_endpoint_up gauge",
    ...all.map(({ cluster, endpoint, health, ejectedForMs }) => {
      const isUp = health !== "unhealthy" && ejectedForMs === null;
      return `sluice_endpoint_up{cluster="${cluster}",endpoint="${endpoint}"} ${isUp ? 1 : 0}`;
    }),
    "# TYPE sluice_endpoint_ejections_total counter",
    ...all.map(
      ({ cluster, endpoint, ejections }) =>
        `sluice_endpoint_ejections_total{cluster="${cluster}",endpoint="${endpoint}"} ${ejections}`,
    ),
  ];
}
