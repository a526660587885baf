// `npm run bench -- proxy [--scenario NAME]`: Sluice without filters and with three, beside nginx, nginx with the same policy
// in Lua, and haproxy, as proxies before the same origin: throughput, CPU of the whole process tree per request, latency,
// memory. The proxies have cores of their own, load and origin the others; contenders take turns.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { measureConnectionSpread } from "./connection-spread.ts";
import type { Contender } from "./contender.ts";
import { describeCores, planCores, type CorePlan } from "./core-plan.ts";
import type { Figure } from "./figure.ts";
import { startHaproxy } from "./haproxy.ts";
import { measureIdleConnections } from "./idle-connections.ts";
import { LoadRounds } from "./load-rounds.ts";
import { LARGE_FILE, LOAD_SCENARIOS, type ContenderName, type LoadScenario } from "./load-scenarios.ts";
import { startNginxProxy, startNginxWithLua, startOrigin } from "./nginx.ts";
import { policyDeployment } from "./policy-deployment.ts";
import { requiredPrograms, type RequiredPrograms } from "./required-programs.ts";
import type { BenchOptions } from "./run.ts";
import { startSluice, type SluiceContender } from "./sluice.ts";

const BODY_BYTES = 1024;
const SPREAD_WORKERS = 4;
const EMPTY_DEPLOYMENT = "apiVersion: sluice/v1\nkind: Deployment\nname: default\nslots: []\n";

/** An ordinary browser's request, not wrk's bare one: a head costs what its fields cost. */
const HEADERS = [
  "user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
  "accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
  "accept-language: en-US,en;q=0.5",
  "accept-encoding: gzip, deflate",
  "cookie: session=0123456789abcdef; theme=dark",
  "x-role: guest",
  "x-user: user-1742",
];

const SCENARIOS: Readonly<Record<string, (bench: ProxyBench) => Promise<Figure[]>>> = {
  ...Object.fromEntries(
    Object.entries(LOAD_SCENARIOS).map(([name, scenario]) => [
      name,
      (bench: ProxyBench) => bench.underLoad(name, scenario),
    ]),
  ),
  "idle-connections": (bench) => bench.idleConnections(),
  "connection-spread": (bench) => bench.connectionSpread(),
};

export async function benchProxy(options: BenchOptions): Promise<Figure[]> {
  const names = chosen(options.scenario);
  const bench = await ProxyBench.start(options);
  try {
    const figures: Figure[] = [];
    for (const name of names) {
      options.progress(`scenario ${name}`);
      figures.push(...(await SCENARIOS[name]!(bench)));
    }
    return figures;
  } finally {
    await bench.stop();
  }
}

function chosen(scenario: string | null): string[] {
  const names = Object.keys(SCENARIOS);
  if (scenario === null) return names;
  if (!names.includes(scenario)) throw new Error(`no scenario ${scenario}; there are ${names.join(", ")}`);
  return [scenario];
}

/** What is running: the origin, and each contender from its first scenario on. */
class ProxyBench {
  private readonly options: BenchOptions;
  private readonly programs: RequiredPrograms;
  private readonly cores: CorePlan;
  private readonly folder: string;
  private readonly started = new Map<string, Contender>();
  private originPort = 0;

  static async start(options: BenchOptions): Promise<ProxyBench> {
    const bench = new ProxyBench(options, requiredPrograms(), planCores());
    options.progress(describeCores(bench.cores));
    await bench.startOrigin();
    return bench;
  }

  private constructor(options: BenchOptions, programs: RequiredPrograms, cores: CorePlan) {
    this.options = options;
    this.programs = programs;
    this.cores = cores;
    this.folder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.started.values()].map((contender) => contender.stop()));
    rmSync(this.folder, { recursive: true, force: true });
  }

  async underLoad(name: string, scenario: LoadScenario): Promise<Figure[]> {
    const contenders = await this.contenders(scenario.contenders);
    const { connections, path, postBytes } = scenario;
    const load = { wrk: this.programs.wrk, cores: this.cores.load, connections, path, headers: HEADERS };
    const rounds = await LoadRounds.run(
      contenders,
      postBytes === undefined ? load : { ...load, postBytes },
      this.options,
    );
    return [...rounds.figures(name, "nginx"), ...scenario.budgets(rounds)];
  }

  /** Proxies that have just started: what a load left behind would be used again, and connections seem to cost nothing. */
  async idleConnections(): Promise<Figure[]> {
    const names = ["nginx", "sluice"] as const;
    for (const name of names) {
      await this.started.get(name)?.stop();
      this.started.delete(name);
    }
    return measureIdleConnections(await this.contenders(names), this.options.progress);
  }

  async connectionSpread(): Promise<Figure[]> {
    const { folder, originPort, cores } = this;
    const proxy = await startSluice({
      name: `sluice with ${SPREAD_WORKERS} workers`,
      folder,
      cores: cores.proxy,
      workers: SPREAD_WORKERS,
      originPort,
      deployment: EMPTY_DEPLOYMENT,
    });
    this.started.set(proxy.name, proxy);
    return measureConnectionSpread(proxy, SPREAD_WORKERS);
  }

  private async startOrigin(): Promise<void> {
    const { folder, programs, cores } = this;
    writeFileSync(join(folder, LARGE_FILE.name), "x".repeat(LARGE_FILE.bytes));
    const origin = await startOrigin({ nginx: programs.nginx, folder, cores: cores.load }, BODY_BYTES);
    this.started.set(origin.name, origin);
    this.originPort = Number(new URL(origin.url).port);
  }

  private async contenders(names: readonly ContenderName[]): Promise<Contender[]> {
    const contenders: Contender[] = [];
    for (const name of names) {
      const contender = this.started.get(name) ?? (await this.startContender(name));
      this.started.set(name, contender);
      contenders.push(contender);
    }
    return contenders;
  }

  private async startContender(name: ContenderName): Promise<Contender> {
    const { folder, originPort, programs } = this;
    const place = { ...programs, folder, cores: this.cores.proxy };
    switch (name) {
      case "nginx":
        return startNginxProxy(place, originPort);
      case "nginx with Lua":
        return startNginxWithLua(place, originPort);
      case "haproxy":
        return startHaproxy({ ...place, originPort });
      case "sluice":
        return this.startSluice(name, EMPTY_DEPLOYMENT);
      case "sluice with 3 filters":
        return this.startSluice(name, await policyDeployment(folder));
    }
  }

  private startSluice(name: string, deployment: string): Promise<SluiceContender> {
    const { folder, originPort, cores } = this;
    return startSluice({ name, folder, cores: cores.proxy, originPort, deployment });
  }
}
