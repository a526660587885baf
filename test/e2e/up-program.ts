// `sluice up` on free ports, for tests that do what a newcomer does.

import { freePort } from "../free-port.ts";
import { Program } from "./program.ts";

export interface UpPorts {
  readonly proxy: number;
  readonly admin: number;
  readonly registry: number;
  readonly upstream: number;
}

export async function freePorts(): Promise<UpPorts> {
  return { proxy: await freePort(), admin: await freePort(), registry: await freePort(), upstream: await freePort() };
}

export function startUp(folder: string, ports: UpPorts): Program {
  const at = (port: number): string => `127.0.0.1:${port}`;
  const addresses = [
    ["--proxy", at(ports.proxy)],
    ["--admin", at(ports.admin)],
    ["--registry-address", at(ports.registry)],
    ["--upstream", at(ports.upstream)],
  ];
  return Program.sluice(["up", ...addresses.flat(), "--workers", "1"], { cwd: folder });
}

/** What makes commands talk to that registry. */
export function registryEnv(ports: UpPorts): Record<string, string> {
  return { SLUICE_REGISTRY: `http://127.0.0.1:${ports.registry}` };
}
