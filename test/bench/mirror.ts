// `npm run bench -- mirror`: what mirrors cost the requests they copy. The same filter in four proxies: one copies nothing, the
// others everything to a mirror that is dead, slow (100 ms an answer) or fast. Proxies have one core, load, origin and
// mirrors the other; rounds are interleaved, and only ratios within a round are compared. A fast mirror's copies are
// requests that the same worker sends and reads: what they cost is told, without a budget.

import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { buildFilter } from "@sluice/sdk-filter";
import { freePort } from "../free-port.ts";
import { systemProgram } from "../gate/system-program.ts";
import { startPinned, type Contender } from "./contender.ts";
import { atLeast, atMost, median, told, type Figure } from "./figure.ts";
import { startOrigin } from "./nginx.ts";
import { cpuMicroseconds, residentMebibytes } from "./process-tree.ts";
import type { BenchOptions } from "./run.ts";
import { startSluice } from "./sluice.ts";
import { runWrk, type LoadResult } from "./wrk.ts";

const PROXY_CORES = [0];
const LOAD_CORES = [1];
const BODY_BYTES = 1024;
const CONNECTIONS = 64;
const WARM_UP_SECONDS = 3;
const SLOW_MS = 100;

/** The primary's share of its throughput that a mirror which does not serve may cost. */
const UNHARMED = 0.93;

const filterFolder = resolve(import.meta.dirname, "../../filters-as/mirror");

export async function benchMirror(options: BenchOptions): Promise<Figure[]> {
  const nginx = required("nginx");
  const wrk = required("wrk");
  const folder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
  const started: Contender[] = [];
  try {
    const origin = await startOrigin({ nginx, folder, cores: LOAD_CORES }, BODY_BYTES);
    started.push(origin);
    const mirrors = { dead: await freePort(), slow: await startSlow(started), fast: portOf(origin) };
    await installFilter(folder);
    const contenders: Contender[] = [];
    for (const [name, port] of Object.entries({ none: mirrors.fast, ...mirrors })) {
      const proxy = await startSluice({
        name,
        folder,
        cores: PROXY_CORES,
        originPort: portOf(origin),
        clusters: { shadow: port },
        deployment: deploymentOf(name === "none"),
      });
      contenders.push(proxy);
      started.push(proxy);
    }
    return await compare(contenders, wrk, options);
  } finally {
    await Promise.all(started.map((contender) => contender.stop()));
    rmSync(folder, { recursive: true, force: true });
  }
}

async function startSlow(started: Contender[]): Promise<number> {
  const port = await freePort();
  const file = join(import.meta.dirname, "slow-origin.ts");
  const command = [process.execPath, file, String(port), String(SLOW_MS)];
  started.push(await startPinned({ name: "slow mirror", command, cores: LOAD_CORES, port }));
  return port;
}

async function installFilter(folder: string): Promise<void> {
  const built = await buildFilter(filterFolder, { onlyWhenStale: true });
  copyFileSync(built.wasmFile, join(folder, "mirror.wasm"));
  writeFileSync(join(folder, "filter.yaml"), built.documentText);
}

/** `isIdle`: the filter is asked as in the others, and takes no request of this benchmark. */
function deploymentOf(isIdle: boolean): string {
  const pluginConfig = { targets: [{ cluster: "shadow", ...(isIdle && { methods: ["DELETE"] }) }] };
  return `apiVersion: sluice/v1
kind: Deployment
name: default
slots:
  - name: mirror
    phase: OTHER
    revisions:
      - filter: mirror
        module: ../mirror.wasm
        document: ../filter.yaml
        capabilities: [callout]
        pluginConfig: ${JSON.stringify(pluginConfig)}
`;
}

interface Round extends LoadResult {
  readonly cpuUs: number;
}

async function compare(contenders: readonly Contender[], wrk: string, options: BenchOptions): Promise<Figure[]> {
  for (const contender of contenders) await measure(contender, wrk, WARM_UP_SECONDS);
  const rounds = contenders.map((): Round[] => []);
  for (let round = 0; round < options.rounds; round++) {
    for (const [at, contender] of contenders.entries()) {
      const result = await measure(contender, wrk, options.seconds);
      rounds[at]!.push(result);
      options.progress(
        `round ${round + 1} ${contender.name}: ${Math.round(result.requestsPerSecond)} requests/s, p50 ${result.p50Us} us, p99 ${result.p99Us} us, ${result.failures} failed`,
      );
    }
  }
  return contenders.flatMap((contender, at) => figuresOf(contender, rounds[at]!, rounds[0]!));
}

async function measure(contender: Contender, wrk: string, seconds: number): Promise<Round> {
  const before = cpuMicroseconds(contender.pid);
  const load = await runWrk({ wrk, url: contender.url, connections: CONNECTIONS, seconds, cores: LOAD_CORES });
  return { ...load, cpuUs: (cpuMicroseconds(contender.pid) - before) / load.requests };
}

function figuresOf({ name, pid }: Contender, rounds: readonly Round[], none: readonly Round[]): Figure[] {
  const middle = (of: (round: Round) => number): number => median(rounds.map(of));
  const ratio = (of: (round: Round) => number): number => median(rounds.map((round, i) => of(round) / of(none[i]!)));
  const throughput = (round: Round): number => round.requestsPerSecond;
  const cpu = (round: Round): number => round.cpuUs;
  const p50 = (round: Round): number => round.p50Us;
  const p99 = (round: Round): number => round.p99Us;
  const failures = rounds.reduce((sum, round) => sum + round.failures, 0);
  return [
    told(`${name}: throughput`, middle(throughput), "req/s"),
    told(`${name}: CPU per request`, middle(cpu), "us"),
    told(`${name}: p50`, middle(p50), "us"),
    told(`${name}: p99`, middle(p99), "us"),
    told(`${name}: memory`, residentMebibytes(pid), "MiB"),
    atMost(`${name}: failed requests`, failures, "", 0),
    ...(name === "none" ? [] : [comparison(name, ratio(throughput)), told(`p99, ${name} / none`, ratio(p99), "")]),
  ];
}

function comparison(name: string, ratio: number): Figure {
  const title = `throughput, ${name} / none`;
  return name === "fast" ? told(title, ratio, "") : atLeast(title, ratio, "", UNHARMED);
}

function portOf(contender: Contender): number {
  return Number(new URL(contender.url).port);
}

function required(program: string): string {
  const path = systemProgram([program], program);
  if (path === null) throw new Error(`this benchmark needs ${program}: apt-get install ${program}`);
  return path;
}
