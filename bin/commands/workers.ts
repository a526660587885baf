// `sluice workers`: what each worker of one proxy does, and replacing them all without losing a request.

import { setTimeout as pause } from "node:timers/promises";
import { SluiceError } from "@sluice/abi";
import type { WorkersStatus, WorkerStatus } from "@sluice/proxy";
import { Command } from "commander";
import { openAdmin, withAdmin } from "../admin-client.ts";
import type { AdminClient } from "../admin-client.ts";
import { BIN_ERRORS } from "../errors.ts";
import { statusWatchMs } from "../limits.ts";
import { printable, printResult, table } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";

interface WorkersOptions {
  readonly proxy: string;
  readonly json?: boolean;
  readonly replace?: boolean;
}

export function workersCommand(terminal: Terminal): Command {
  const command = new Command("workers")
    .description("what each worker of one proxy does: its load, what it holds, what its filters cost it")
    .option("--replace", "replace all of them, one after the other; no request is lost");
  return withAdmin(command).action((options: WorkersOptions) => workers(terminal, options));
}

async function workers(terminal: Terminal, options: WorkersOptions): Promise<void> {
  const client = openAdmin(terminal, options.proxy);
  if (options.replace === true) await replaceAll(terminal, client);
  const status = await client.workers();
  printResult(terminal, options, status, printable(workersText(status)));
}

/** Resolves when the last one is replaced. Throws SLUICE-E5015 when one could not be. */
async function replaceAll(terminal: Terminal, client: AdminClient): Promise<void> {
  await client.replaceWorkers();
  for (let told = ""; ; await pause(statusWatchMs)) {
    const { replacement } = await client.workers();
    if (replacement === null) continue;
    const { workers: all, replaced, current, failed, endedAt } = replacement;
    const line = `${replaced} of ${all} replaced${current === null ? "" : `, worker ${current} is being replaced`}`;
    if (line !== told) terminal.err(line);
    told = line;
    if (failed !== null) throw new SluiceError(BIN_ERRORS.notReplaced, `A worker was not replaced: ${failed}.`);
    if (endedAt !== null) return;
  }
}

function workersText({ each, serving, replaced }: WorkersStatus): string {
  const heading = ["WORKER", "STATE", "UP", "LOOP", "LATE", "CONNECTIONS", "STREAMS", "HELD"];
  const lines = [`${serving} serving, ${replaced} replaced after they died`, table([heading, ...each.map(workerRow)])];
  const slots = each.flatMap(slotRows);
  return slots.length === 0
    ? lines.join("\n")
    : [...lines, "", table([["WORKER", "SLOT", "FILTER", "REVISION", "FUEL", "TIME PER STREAM"], ...slots])].join("\n");
}

function workerRow({ worker, state, upSeconds, loop, connections, streams, bytesHeld }: WorkerStatus): string[] {
  return [
    String(worker),
    state,
    `${upSeconds} s`,
    loop.use === null ? "–" : `${Math.round(loop.use * 100)} %`,
    loop.delayMs === null ? "no answer" : `${Math.round(loop.delayMs)} ms`,
    String(connections),
    String(streams),
    bytesHeld === null ? "–" : `${Math.round(bytesHeld / 1024)} KiB`,
  ];
}

function slotRows({ worker, slots }: WorkerStatus): string[][] {
  return slots.map(({ slot, filter, revision, fuel, timeUs, timedStreams }) => [
    String(worker),
    slot,
    filter,
    revision.slice(0, 19),
    String(fuel),
    timedStreams === 0 ? "–" : `${(timeUs / timedStreams).toFixed(1)} µs`,
  ]);
}
