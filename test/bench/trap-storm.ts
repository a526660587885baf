// `npm run bench -- trap-storm`: a proxy at full load where the filter traps in every second request: what comes of its
// instances, its address space (8 GiB for each instance) and its memory, and what the requests between the traps see of
// it. Once with an instance for each stream, once with a shared one, beside the same filter that never traps.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { fixtureModule } from "../fixtures/fixture-module.ts";
import { systemProgram } from "../gate/system-program.ts";
import type { Contender } from "./contender.ts";
import { atMost, told, type Figure } from "./figure.ts";
import { startOrigin } from "./nginx.ts";
import { addressSpaceGibibytes, residentMebibytes } from "./process-tree.ts";
import type { BenchOptions } from "./run.ts";
import { startSluice } from "./sluice.ts";
import { runWrk } from "./wrk.ts";

const PROXY_CORES = [0];
const LOAD_CORES = [1];
const CONNECTIONS = 64;
const WARM_UP_SECONDS = 3;
const SAMPLE_MS = 500;

/** Instances that may be alive: the root and what 64 connections can hold, and as many of the collector's. */
const INSTANCES_MAX = 2 + 2 * CONNECTIONS;
/** What may be added while the storm goes on, after it has settled. */
const GROWTH_MIB_MAX = 64;

/** Every second request asks for a trap, on each connection. */
const STORM = `local n = 0
request = function()
  n = n + 1
  if n % 2 == 0 then return wrk.format("GET", "/", { ["x-trap"] = "1" }) end
  return wrk.format("GET", "/", {})
end
`;

export async function benchTrapStorm(options: BenchOptions): Promise<Figure[]> {
  const nginx = required("nginx");
  const wrk = required("wrk");
  const folder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
  const script = join(folder, "storm.lua");
  writeFileSync(script, STORM);
  writeFileSync(join(folder, "trap.wasm"), await fixtureModule("trap-on-header"));
  const origin = await startOrigin({ nginx, folder, cores: LOAD_CORES }, 1024);
  try {
    const originPort = Number(new URL(origin.url).port);
    const figures: Figure[] = [];
    for (const isolation of ["stream", "shared"] as const) {
      const deployment = deploymentOf(isolation);
      const proxy = await startSluice({ name: isolation, folder, cores: PROXY_CORES, originPort, deployment });
      try {
        figures.push(...(await storm(proxy, { ...options, wrk, script })));
      } finally {
        await proxy.stop();
      }
    }
    return figures;
  } finally {
    await origin.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function deploymentOf(isolation: "stream" | "shared"): string {
  return `apiVersion: sluice/v1
kind: Deployment
name: default
slots:
  - name: trapping
    phase: OTHER
    isolation: ${isolation}
    revisions: [{ filter: trapping, module: ../trap.wasm }]
`;
}

interface Storm extends BenchOptions {
  readonly wrk: string;
  readonly script: string;
}

async function storm({ name, url, pid }: Contender, { wrk, script, seconds, progress }: Storm): Promise<Figure[]> {
  const load = { wrk, url, connections: CONNECTIONS, cores: LOAD_CORES };
  await runWrk({ ...load, seconds: WARM_UP_SECONDS });
  const calm = await runWrk({ ...load, seconds });
  progress(`${name}, no trap: ${Math.round(calm.requestsPerSecond)} requests/s, p99 ${calm.p99Us} us`);
  await runWrk({ ...load, seconds: WARM_UP_SECONDS, script });
  const settledMib = residentMebibytes(pid);
  const watch = new Watch(pid);
  const stormy = await runWrk({ ...load, seconds, script });
  const { peakGib, peakMib } = await watch.end();
  const after = await runWrk({ ...load, seconds: 1 });
  progress(`${name}, storm: ${Math.round(stormy.requestsPerSecond)} requests/s, p99 ${stormy.p99Us} us`);
  return [
    told(`${name}: throughput without traps`, calm.requestsPerSecond, "req/s"),
    told(`${name}: throughput in the storm`, stormy.requestsPerSecond, "req/s"),
    told(`${name}: traps`, stormy.failures, ""),
    told(`${name}: p99 without traps`, calm.p99Us, "us"),
    told(`${name}: p99 in the storm`, stormy.p99Us, "us"),
    told(`${name}: longest pause without traps`, calm.maxUs, "us"),
    told(`${name}: longest pause in the storm`, stormy.maxUs, "us"),
    atMost(`${name}: requests that failed unasked`, Math.abs(stormy.failures - stormy.requests / 2), "", CONNECTIONS),
    atMost(`${name}: failed when the storm was over`, after.failures, "", 0),
    told(`${name}: address space, most`, peakGib, "GiB"),
    atMost(`${name}: instances, by address space`, peakGib / 8, "", INSTANCES_MAX),
    told(`${name}: memory, most`, peakMib, "MiB"),
    atMost(`${name}: memory added by the storm`, residentMebibytes(pid) - settledMib, "MiB", GROWTH_MIB_MAX),
  ];
}

/** Looks at a process tree from time to time. */
class Watch {
  private peakGib = 0;
  private peakMib = 0;
  private isOver = false;
  private readonly looking: Promise<void>;

  constructor(pid: number) {
    this.looking = this.look(pid);
  }

  async end(): Promise<{ readonly peakGib: number; readonly peakMib: number }> {
    this.isOver = true;
    await this.looking;
    return { peakGib: this.peakGib, peakMib: this.peakMib };
  }

  private async look(pid: number): Promise<void> {
    while (!this.isOver) {
      this.peakGib = Math.max(this.peakGib, addressSpaceGibibytes(pid));
      this.peakMib = Math.max(this.peakMib, residentMebibytes(pid));
      await delay(SAMPLE_MS);
    }
  }
}

function required(program: string): string {
  const path = systemProgram([program], program);
  if (path === null) throw new Error(`this benchmark needs ${program}: apt-get install ${program}`);
  return path;
}
