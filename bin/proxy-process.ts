// The proxy as a child process: the supervisor's file, and waiting until its admin port says ready.

import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { SluiceError } from "@sluice/abi";
import { startChild } from "./child-process.ts";
import type { RunningChild } from "./child-process.ts";
import { BIN_ERRORS } from "./errors.ts";
import { startPollMs, startWaitMs } from "./limits.ts";

export function startProxy(configFile: string, cwd: string): RunningChild {
  const proxyFolder = dirname(fileURLToPath(import.meta.resolve("@sluice/proxy")));
  return startChild(join(proxyFolder, "supervisor/supervisor.js"), ["--config", configFile], { cwd });
}

/** Resolves when `/readyz` is green. Throws SLUICE-E5007 when the process ends or the time is over. */
export async function awaitReady(proxy: RunningChild, adminAddress: string): Promise<void> {
  const deadlineMs = performance.now() + startWaitMs;
  const ended = proxy.ended.then((code) => {
    throw new SluiceError(BIN_ERRORS.notReady, `The proxy ended with code ${code ?? "none"} before it was ready.`);
  });
  ended.catch(() => undefined);
  while (!(await Promise.race([isReady(adminAddress), ended]))) {
    if (performance.now() > deadlineMs) {
      throw new SluiceError(BIN_ERRORS.notReady, `The proxy was not ready within ${startWaitMs / 1000} s.`);
    }
    await pause(startPollMs);
  }
}

async function isReady(adminAddress: string): Promise<boolean> {
  try {
    const response = await fetch(`http://${adminAddress}/readyz`);
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false; // not listening yet
  }
}
