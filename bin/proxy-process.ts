// The proxy as a process: a child of ours or this one, and waiting until its admin port says ready.

import { getCompileCacheDir } from "node:module";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { SluiceError } from "@sluice/abi";
import { startChild } from "./child-process.ts";
import type { ChildOutput, RunningChild } from "./child-process.ts";
import { BIN_ERRORS } from "./errors.ts";
import { startPollMs, startWaitMs } from "./limits.ts";

export function startProxy(configFile: string, cwd: string, output: ChildOutput = "inherit"): RunningChild {
  return startChild(supervisorFile(), ["--config", configFile], { cwd, env: proxyEnvironment(), output });
}

/** Turns this very process into the proxy's supervisor: same pid, same signals, and no memory of ours beside it. */
export function becomeProxy(configFile: string, options: { readonly watch: boolean }): never {
  const watch = options.watch ? ["--watch"] : [];
  const args = [process.execPath, supervisorFile(), "--config", configFile, ...watch];
  if (process.execve === undefined)
    throw new SluiceError(BIN_ERRORS.notReady, `${process.platform} cannot run a proxy; use Linux or macOS.`);
  return process.execve(process.execPath, args, proxyEnvironment());
}

function supervisorFile(): string {
  return join(dirname(fileURLToPath(import.meta.resolve("@sluice/proxy"))), "supervisor/supervisor.js");
}

// With the compile cache a proxy of stripped TypeScript takes 64 MB where it else took 91.
function proxyEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] ?? getCompileCacheDir() };
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
