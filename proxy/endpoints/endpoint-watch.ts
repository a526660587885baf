// The endpoints of all clusters, watched by main for all workers: whatever is found out here holds on each of them, and a
// worker that starts later is told the same.

import type { ClusterConfig } from "../contract/index.ts";
import { ClusterWatch } from "./cluster-watch.ts";
import type { ClusterView, ClusterWatchEvents } from "./cluster-watch.ts";
import type { EndpointNews } from "./endpoint-news.ts";

export class EndpointWatch {
  private readonly events: ClusterWatchEvents;
  private clusters: ReadonlyMap<string, ClusterWatch> = new Map();
  private telling: NodeJS.Immediate | null = null;

  /** `changed` is called when every worker is to be told `news`; several changes at once are told as one. */
  constructor(events: ClusterWatchEvents) {
    this.events = events;
  }

  /** These are the clusters in charge. One that is as it was goes on undisturbed. */
  serve(configs: readonly ClusterConfig[]): void {
    const before = this.clusters;
    this.clusters = new Map(
      configs.map((config) => [config.name, this.watch(config, before.get(config.name) ?? null)]),
    );
    for (const [name, watch] of before) if (!this.clusters.has(name)) watch.close();
    this.tellSoon();
  }

  /** What workers should know of all clusters. */
  get news(): readonly EndpointNews[] {
    return [...this.clusters.values()].flatMap(({ news }) => news ?? []);
  }

  get view(): readonly ClusterView[] {
    return Array.from(this.clusters.values(), ({ view }) => view);
  }

  failing(cluster: string, address: string): void {
    this.clusters.get(cluster)?.failing(address);
  }

  close(): void {
    for (const watch of this.clusters.values()) watch.close();
    if (this.telling !== null) clearImmediate(this.telling);
  }

  private watch(config: ClusterConfig, before: ClusterWatch | null): ClusterWatch {
    if (before !== null && JSON.stringify(before.config) === JSON.stringify(config)) return before;
    const { note } = this.events;
    return new ClusterWatch(config, { changed: () => this.tellSoon(), note }, before);
  }

  private tellSoon(): void {
    this.telling ??= setImmediate(() => {
      this.telling = null;
      this.events.changed();
    });
  }
}
