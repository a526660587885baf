// `npm run bench -- proxy`: requests a second and CPU per request of Sluice without a filter and with rbac, beside nginx
// as proxy before the same origin. The proxy has one core, load and origin have the other; rounds are interleaved,
// because a machine's speed drifts, and only ratios within a round are compared.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { systemProgram } from "../gate/system-program.ts";
import type { Contender } from "./contender.ts";
import { atLeast, atMost, median, told, type Figure } from "./figure.ts";
import { startNginxProxy, startOrigin } from "./nginx.ts";
import { cpuMicroseconds, residentMebibytes } from "./process-tree.ts";
import { rbacDeployment } from "./rbac-deployment.ts";
import type { BenchOptions } from "./run.ts";
import { startSluice } from "./sluice.ts";
import { runWrk } from "./wrk.ts";

const PROXY_CORE = 0;
const LOAD_CORE = 1;
const BODY_BYTES = 1024;
const CONNECTIONS = 64;
const WARM_UP_SECONDS = 3;
const EMPTY_DEPLOYMENT = "apiVersion: sluice/v1\nkind: Deployment\nname: default\nslots: []\n";

/** An ordinary browser's request, not wrk's bare one: a head costs what its fields cost. */
const HEADERS = [
  "user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
  "accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
  "accept-language: en-US,en;q=0.5",
  "accept-encoding: gzip, deflate",
  "cookie: session=0123456789abcdef; theme=dark",
  "x-role: guest",
];

interface Round {
  readonly requestsPerSecond: number;
  readonly cpuUs: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly failures: number;
}

export async function benchProxy(options: BenchOptions): Promise<Figure[]> {
  const nginx = required("nginx");
  const wrk = required("wrk");
  const folder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
  const started: Contender[] = [];
  try {
    const origin = await startOrigin(nginx, folder, LOAD_CORE, BODY_BYTES);
    started.push(origin);
    const originPort = Number(new URL(origin.url).port);
    const contenders = [
      await startNginxProxy(nginx, folder, PROXY_CORE, originPort),
      await startSluice({ name: "sluice", folder, core: PROXY_CORE, originPort, deployment: EMPTY_DEPLOYMENT }),
      await startSluice({
        name: "sluice with rbac",
        folder,
        core: PROXY_CORE,
        originPort,
        deployment: await rbacDeployment(folder),
      }),
    ];
    started.push(...contenders);
    return await compare(contenders, wrk, options);
  } finally {
    await Promise.all(started.map((contender) => contender.stop()));
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compare(contenders: readonly Contender[], wrk: string, options: BenchOptions): Promise<Figure[]> {
  for (const contender of contenders) await measure(contender, wrk, WARM_UP_SECONDS);
  const rounds = contenders.map((): Round[] => []);
  for (let round = 0; round < options.rounds; round++) {
    for (const [at, contender] of contenders.entries()) {
      const result = await measure(contender, wrk, options.seconds);
      rounds[at]!.push(result);
      options.progress(
        `round ${round + 1} ${contender.name}: ${Math.round(result.requestsPerSecond)} requests/s, ${result.cpuUs.toFixed(1)} us CPU, p99 ${result.p99Us} us, ${result.failures} failed`,
      );
    }
  }
  return figuresOf(contenders, rounds);
}

async function measure(contender: Contender, wrk: string, seconds: number): Promise<Round> {
  const before = cpuMicroseconds(contender.pid);
  const load = await runWrk({
    wrk,
    url: contender.url,
    connections: CONNECTIONS,
    seconds,
    core: LOAD_CORE,
    headers: HEADERS,
  });
  const cpuUs = (cpuMicroseconds(contender.pid) - before) / load.requests;
  return { ...load, cpuUs };
}

function figuresOf(contenders: readonly Contender[], rounds: readonly Round[][]): Figure[] {
  const [nginx = [], plain = [], rbac = []] = rounds;
  const ratio = (a: readonly Round[], b: readonly Round[], of: (round: Round) => number): number =>
    median(a.map((round, i) => of(round) / of(b[i]!)));
  const throughput = (round: Round): number => round.requestsPerSecond;
  const cpu = (round: Round): number => round.cpuUs;
  return [
    ...contenders.flatMap(({ name, pid }, at) => [
      told(`${name}: throughput`, median(rounds[at]!.map(throughput)), "req/s"),
      told(`${name}: CPU per request`, median(rounds[at]!.map(cpu)), "us"),
      told(`${name}: p50`, median(rounds[at]!.map((round) => round.p50Us)), "us"),
      told(`${name}: p99`, median(rounds[at]!.map((round) => round.p99Us)), "us"),
      told(`${name}: memory`, residentMebibytes(pid), "MiB"),
      atMost(
        `${name}: failed requests`,
        rounds[at]!.reduce((sum, round) => sum + round.failures, 0),
        "",
        0,
      ),
    ]),
    atLeast("throughput, sluice / nginx", ratio(plain, nginx, throughput), "", 0.88),
    atMost("CPU per request, sluice / nginx", ratio(plain, nginx, cpu), "", 1.15),
    told("throughput, sluice with rbac / nginx", ratio(rbac, nginx, throughput), ""),
    told("CPU per request, sluice with rbac / nginx", ratio(rbac, nginx, cpu), ""),
    atLeast("throughput, sluice with rbac / sluice", ratio(rbac, plain, throughput), "", 0.93),
  ];
}

function required(program: string): string {
  const path = systemProgram([program], program);
  if (path === null) throw new Error(`this benchmark needs ${program}: apt-get install ${program}`);
  return path;
}
