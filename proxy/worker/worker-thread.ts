// What a worker thread is made of: its snapshots, its servers, its observer, its heartbeat.

import { SharedData, SharedQueues, SharedQuotas, monotonicUs } from "@sluice/abi/data-path";
import type { FilterLog, LogLevel } from "@sluice/abi";
import { SlabMetrics } from "../counters/filter-metrics.ts";
import { Callouts } from "../callouts/callouts.ts";
import { ClusterRows } from "../counters/cluster-rows.ts";
import { writeClusterGauges } from "../counters/cluster-counters.ts";
import { CALLOUT_ROWS_MAX, CLUSTER_ROWS_MAX, MIRROR_ROWS_MAX } from "../counters/limits.ts";
import { RevisionGauges } from "../counters/revision-gauges.ts";
import {
  calloutRowOf,
  clusterRowOf,
  exchangeCountersOf,
  filterMetricsOf,
  mirrorRowOf,
  revisionRowOf,
} from "../counters/slab.ts";
import { ByteAccount } from "../exchange/byte-account.ts";
import { EXCHANGE_COUNTER } from "../exchange/exchange-counters.ts";
import { CoarseClock } from "../exchange/coarse-clock.ts";
import type { DrainBounds } from "../exchange/drain-bounds.ts";
import { HttpServer } from "../exchange/http-server.ts";
import { WorkerProfiler } from "../profile/worker-profiler.ts";
import type { ProfileKind } from "../profile/worker-profiler.ts";
import { StreamRecorder } from "../record/stream-recorder.ts";
import type { Admission } from "../overload/admission.ts";
import { EndpointDirectory } from "../routing/endpoint-directory.ts";
import { DrainingSnapshots } from "../snapshot/draining-snapshots.ts";
import type { SnapshotPlan } from "../snapshot/plan.ts";
import { RevisionRefusal, RuntimeSnapshot } from "../snapshot/runtime-snapshot.ts";
import type { SnapshotSurroundings } from "../snapshot/runtime-snapshot.ts";
import { rawTcp } from "../transport/raw-transport.ts";
import { FilterLogGate } from "./filter-log-gate.ts";
import { DRAIN_LOOK_MS, GAUGE_INTERVAL_MS, HEARTBEAT_INTERVAL_MS } from "./limits.ts";
import type { FromWorker, ToWorker, WorkerHoldings, WorkerListener, WorkerStart } from "./messages.ts";
import { LoopLateness } from "./loop-lateness.ts";
import { pluginServices } from "./plugin-services.ts";
import { SnapshotQueues } from "./snapshot-queues.ts";
import { VitalSigns } from "./vital-signs.ts";
import { WorkerOverload } from "./worker-overload.ts";

type Tell = (message: FromWorker, transfer?: ArrayBuffer[]) => void;

export class WorkerThread {
  private readonly begin: WorkerStart;
  private readonly tell: Tell;
  private readonly surroundings: SnapshotSurroundings;
  private readonly recorder: StreamRecorder;
  private readonly account = new ByteAccount(0);
  private readonly overload: WorkerOverload;
  private readonly clock = new CoarseClock();
  private readonly prepared = new Map<number, RuntimeSnapshot>();
  private readonly draining = new DrainingSnapshots<RuntimeSnapshot>();
  private readonly servers: HttpServer[] = [];
  private readonly mirrorRows: ClusterRows;
  private readonly callouts: Callouts;
  private readonly queues: SnapshotQueues;
  private readonly gauges = new RevisionGauges();
  private readonly lateness = new LoopLateness(performance.now());
  private readonly profiler = new WorkerProfiler();
  private current: RuntimeSnapshot | null = null;

  constructor(begin: WorkerStart, tell: Tell) {
    this.begin = begin;
    this.tell = tell;
    this.recorder = new StreamRecorder({
      node: begin.node.id,
      recordsWanted: begin.recordsWanted,
      records: (lines, count) => tell({ type: "records", lines, count }, [lines.buffer as ArrayBuffer]),
      slotError: (error) => tell({ type: "slotError", error }),
      spans: (spans) => tell({ type: "spans", spans }),
    });
    this.mirrorRows = new ClusterRows({
      rowsMax: MIRROR_ROWS_MAX,
      rowAt: (place) => mirrorRowOf(begin.slab, place),
      known: begin.mirrorClusters,
      defined: (cluster) => tell({ type: "mirrorCluster", cluster }),
    });
    this.callouts = this.openCallouts();
    this.overload = new WorkerOverload({
      connections: begin.connections,
      place: begin.place,
      descriptors: begin.descriptors,
      account: this.account,
      counters: exchangeCountersOf(begin.slab),
      limits: () => this.current!.limits,
      changed: (change) => tell({ type: "overload", worker: begin.index, change }),
    });
    const { places: workers } = begin;
    this.queues = new SnapshotQueues(new SharedQueues(begin.queues, { owner: ownerOf(begin), workers }));
    this.surroundings = surroundingsOf(begin, tell, this.callouts, this.queues);
  }

  start(): void {
    const signs = new VitalSigns(this.begin.vitalSigns);
    setInterval(() => {
      signs.beat();
      this.lateness.beat(performance.now());
    }, HEARTBEAT_INTERVAL_MS);
    setInterval(() => this.writeGauges(), GAUGE_INTERVAL_MS);
    setInterval(() => this.boundDraining(), DRAIN_LOOK_MS);
    this.tell({ type: "ready" });
  }

  private writeGauges(): void {
    this.gauges.write(this.snapshots().flatMap((one) => one.gauged));
    writeClusterGauges(this.surroundings.endpoints.loads);
  }

  take(message: ToWorker): void {
    switch (message.type) {
      case "prepare":
        return this.prepare(message.plan);
      case "commit":
        return this.commit(message.generation);
      case "abort":
        return this.abort(message.generation);
      case "listen":
        return void this.listen(message.listeners);
      case "records":
        this.recorder.recordsWanted = message.wanted;
        return;
      case "endpoints":
        return this.surroundings.endpoints.take(message.news);
      case "inspect":
        return this.tell({ type: "inspected", ask: message.ask, held: this.holdings() });
      case "profile":
        return void this.startProfile(message.kind);
      case "profileEnd":
        return void this.endProfile();
      case "discourage":
        return this.servers.forEach((server) => server.discourage());
      case "drain":
        return void this.drain(message.bounds);
    }
  }

  private prepare(plan: SnapshotPlan): void {
    const { generation } = plan;
    const startedMs = performance.now();
    try {
      this.prepared.set(generation, RuntimeSnapshot.compile(plan, this.surroundings));
      this.tell({ type: "prepared", generation, pauseMs: performance.now() - startedMs });
    } catch (error) {
      if (!(error instanceof RevisionRefusal)) throw error;
      this.tell({ type: "vetoed", generation, place: error.place, why: error.refusal.toJSON() });
    }
  }

  /** The switch: one assignment. Streams that hold the old snapshot keep it until they end. */
  private commit(generation: number): void {
    const next = this.prepared.get(generation)!;
    this.prepared.delete(generation);
    const old = this.current;
    this.current = next;
    this.account.bytesMax = next.limits.workerBufferBytesMax;
    this.queues.commit(generation);
    this.tell({ type: "committed", generation });
    if (old !== null) this.retire(old);
  }

  private abort(generation: number): void {
    const snapshot = this.prepared.get(generation);
    this.prepared.delete(generation);
    this.queues.abort(generation);
    if (snapshot !== undefined) this.retire(snapshot);
  }

  private retire(snapshot: RuntimeSnapshot): void {
    this.draining.add(snapshot, performance.now());
    snapshot.retire((closed) => this.draining.delete(closed));
    this.boundDraining();
  }

  /** No stream holds a replaced snapshot for longer than it may, and not too many are held. */
  private boundDraining(): void {
    if (this.current === null) return;
    for (const { snapshot, bound } of this.draining.takeOverdue(this.current.limits, performance.now())) {
      const { generation, number } = snapshot;
      const counts = this.servers.map((server) => server.letGoOf(snapshot));
      const detached = counts.reduce((sum, count) => sum + count.detached, 0);
      const cut = counts.reduce((sum, count) => sum + count.cut, 0);
      this.tell({ type: "drainBound", notice: { generation, number, bound, detached, cut } });
    }
  }

  private async listen(listeners: readonly WorkerListener[]): Promise<void> {
    const ports: Record<string, number> = {};
    this.overload.start();
    for (const [index, { name, at }] of listeners.entries()) {
      try {
        const server = this.server(name, this.overload.admissionOf(index));
        ports[name] = await server.listen(at);
        this.servers.push(server);
        this.overload.add(server);
      } catch (error) {
        return this.tell({ type: "listenFailed", listener: name, message: (error as Error).message });
      }
    }
    this.tell({ type: "listening", ports });
  }

  private server(listener: string, admission: Admission): HttpServer {
    return new HttpServer({
      listener,
      snapshot: () => this.current!,
      observer: this.recorder,
      counters: exchangeCountersOf(this.begin.slab),
      account: this.account,
      admission,
      workers: this.begin.workers,
      clock: this.clock,
      mirrorRow: (cluster) => this.mirrorRows.rowOf(cluster),
      mirrorOrigin: this.begin.mirrorOrigin,
    });
  }

  private openCallouts(): Callouts {
    const rows = new ClusterRows({
      rowsMax: CALLOUT_ROWS_MAX,
      rowAt: (place) => calloutRowOf(this.begin.slab, place),
      known: this.begin.calloutClusters,
      defined: (cluster) => this.tell({ type: "calloutCluster", cluster }),
    });
    return new Callouts({
      transports: rawTcp,
      clock: this.clock,
      account: this.account,
      rowOf: (cluster) => rows.rowOf(cluster),
    });
  }

  private async drain(bounds: DrainBounds): Promise<void> {
    await Promise.all(this.servers.map((server) => server.drain(bounds)));
    this.callouts.close();
    this.overload.stop();
    this.recorder.flush();
    this.tell({ type: "drained" });
  }

  private async startProfile(kind: ProfileKind): Promise<void> {
    const isStarted = await this.profiler.start(kind).then(
      () => true,
      () => false,
    );
    this.tell({ type: "profiling", isStarted });
  }

  private async endProfile(): Promise<void> {
    const profile = await this.profiler.stop().catch(() => null);
    this.tell({ type: "profiled", profile });
  }

  private snapshots(): RuntimeSnapshot[] {
    return [...this.draining.all, ...(this.current === null ? [] : [this.current])];
  }

  private holdings(): WorkerHoldings {
    return {
      snapshots: this.snapshots().map(({ generation, number, pins, instancesLive, memoryBytes }) => {
        return { generation, number, pins, instances: instancesLive, memoryBytes };
      }),
      accountBytes: this.account.held,
      loopDelayMs: this.lateness.worstMs,
      overload: this.overload.state,
    };
  }
}

/** As whom the worker holds locks. */
function ownerOf({ place, epoch }: WorkerStart): { readonly index: number; readonly epoch: number } {
  return { index: place, epoch };
}

function surroundingsOf(
  begin: WorkerStart,
  tell: Tell,
  callouts: Callouts,
  queues: SnapshotQueues,
): SnapshotSurroundings {
  const metrics = new SlabMetrics(filterMetricsOf(begin.slab), begin.metrics, (definition) =>
    tell({ type: "metric", definition }),
  );
  const counters = exchangeCountersOf(begin.slab);
  const owner = ownerOf(begin);
  const sharedData = new SharedData(begin.sharedData, owner);
  const quotas = new SharedQuotas(begin.quotas, { owner, thread: begin.place, nowUs: monotonicUs });
  const logs = new FilterLogGate((entry) => tell({ type: "filterLog", entry }));
  return {
    endpoints: endpointDirectory(begin, tell),
    signs: new VitalSigns(begin.vitalSigns),
    counterRow: (row) => revisionRowOf(begin.slab, row),
    forcedCounters: (isValid) =>
      counters[isValid ? EXCHANGE_COUNTER.revisionsForced : EXCHANGE_COUNTER.forcesIgnored]!++,
    services: (slot, plan, clusters) =>
      pluginServices({
        nodeId: begin.node.id,
        logLevel: begin.logLevel as LogLevel,
        metrics,
        sharedData,
        queues: queues.of(plan.generation),
        quotas: quotas.backend(plan.quotas),
        callouts: callouts.client(clusters),
        log: (entry: FilterLog) => logs.pass(entry),
        ticks: slot.tickOn === "each" || begin.index === 0,
      }),
  };
}

function endpointDirectory(begin: WorkerStart, tell: Tell): EndpointDirectory {
  const rows = new ClusterRows({
    rowsMax: CLUSTER_ROWS_MAX,
    rowAt: (place) => clusterRowOf(begin.slab, place),
    known: begin.countedClusters,
    defined: (cluster) => tell({ type: "countedCluster", cluster }),
  });
  const directory = new EndpointDirectory({
    rowOf: (cluster) => rows.rowOf(cluster),
    failing: (cluster, address) => tell({ type: "failing", cluster, address }),
    firstTurn: begin.index,
  });
  directory.take(begin.endpoints);
  return directory;
}
