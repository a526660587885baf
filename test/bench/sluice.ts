// Sluice as a contender: one worker, a machine document and a deployment file in a temporary folder.

import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { freePort } from "../free-port.ts";
import { startPinned, type Contender } from "./contender.ts";

const cli = resolve(import.meta.dirname, "../../bin/sluice.js");

/** `deployment` is the text of deployment.yaml; artifacts it names lie in the proxy's cache or beside it. */
export async function startSluice(options: {
  name: string;
  folder: string;
  core: number;
  originPort: number;
  deployment: string;
  /** Further clusters by name, each of one port. */
  clusters?: Readonly<Record<string, number>>;
}): Promise<Contender> {
  const { name, core, originPort, deployment, clusters = {} } = options;
  const folder = join(options.folder, name.replaceAll(/\W+/g, "-"));
  mkdirSync(folder);
  const [port, adminPort] = [await freePort(), await freePort()];
  writeFileSync(join(folder, "deployment.yaml"), deployment);
  writeFileSync(join(folder, "sluice.yaml"), machineDocument(port, adminPort, { origin: originPort, ...clusters }));
  const command = [process.execPath, cli, "proxy", "-c", join(folder, "sluice.yaml")];
  return startPinned({ name, command, core, port });
}

function machineDocument(port: number, adminPort: number, ports: Readonly<Record<string, number>>): string {
  const clusters = Object.entries(ports).map(([name, at]) => `{ name: ${name}, endpoints: ["127.0.0.1:${at}"] }`);
  return `apiVersion: sluice/v1
kind: Proxy
node: { id: bench }
stateDir: state
workers: 1
listeners: [{ name: http, address: "127.0.0.1:${port}" }]
routes: [{ name: all, match: { path: { prefix: / } }, cluster: origin }]
clusters: [${clusters.join(", ")}]
admin: { address: "127.0.0.1:${adminPort}" }
deployment: { file: deployment.yaml }
sinks: []
`;
}
