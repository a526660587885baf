// Sluice as a contender: a machine document and a deployment file in a temporary folder.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { freePort } from "../free-port.ts";
import { startPinned, type Contender } from "./contender.ts";

const cli = resolve(import.meta.dirname, "../../bin/sluice.js");

/** A load has all its clients at one address, and asks without end. */
const LIMITS = "{ connectionsPerSource: 50000, requestsPerConnection: 1000000000 }";

export interface SluiceContender extends Contender {
  /** What `/stats` says. */
  stats(): Promise<unknown>;
}

/** `deployment` is the text of deployment.yaml; artifacts it names lie in the proxy's cache or beside it. */
export async function startSluice(options: {
  name: string;
  folder: string;
  cores: readonly number[];
  originPort: number;
  deployment: string;
  /** As many as cores without a word. */
  workers?: number;
  /** Further clusters by name, each of one port. */
  clusters?: Readonly<Record<string, number>>;
}): Promise<SluiceContender> {
  const { name, cores, originPort, deployment, workers = cores.length, clusters = {} } = options;
  const folder = join(options.folder, name.replaceAll(/\W+/g, "-"));
  mkdirSync(folder, { recursive: true });
  const [port, adminPort] = [await freePort(), await freePort()];
  const ports = { origin: originPort, ...clusters };
  writeFileSync(join(folder, "deployment.yaml"), deployment);
  writeFileSync(join(folder, "sluice.yaml"), machineDocument({ port, adminPort, workers, ports }));
  const command = [process.execPath, cli, "proxy", "-c", join(folder, "sluice.yaml")];
  const contender = await startPinned({ name, command, cores, port });
  return { ...contender, stats: () => statsOf(adminPort, join(folder, "state")) };
}

async function statsOf(adminPort: number, stateDir: string): Promise<unknown> {
  const token = readFileSync(join(stateDir, "admin.token"), "utf8").trim();
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`http://127.0.0.1:${adminPort}/stats`, { headers });
  if (!response.ok) throw new Error(`/stats answers ${response.status}`);
  return response.json();
}

function machineDocument(options: {
  port: number;
  adminPort: number;
  workers: number;
  ports: Readonly<Record<string, number>>;
}): string {
  const { port, adminPort, workers, ports } = options;
  const clusters = Object.entries(ports).map(([name, at]) => `{ name: ${name}, endpoints: ["127.0.0.1:${at}"] }`);
  return `apiVersion: sluice/v1
kind: Proxy
node: { id: bench }
stateDir: state
workers: ${workers}
listeners: [{ name: http, address: "127.0.0.1:${port}" }]
routes: [{ name: all, match: { path: { prefix: / } }, cluster: origin }]
clusters: [${clusters.join(", ")}]
limits: ${LIMITS}
admin: { address: "127.0.0.1:${adminPort}" }
deployment: { file: deployment.yaml }
sinks: []
`;
}
