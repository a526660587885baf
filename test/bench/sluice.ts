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
}): Promise<Contender> {
  const { name, core, originPort, deployment } = options;
  const folder = join(options.folder, name.replaceAll(/\W+/g, "-"));
  mkdirSync(folder);
  const [port, adminPort] = [await freePort(), await freePort()];
  writeFileSync(join(folder, "deployment.yaml"), deployment);
  writeFileSync(join(folder, "sluice.yaml"), machineDocument(port, adminPort, originPort));
  const command = [process.execPath, cli, "proxy", "-c", join(folder, "sluice.yaml")];
  return startPinned({ name, command, core, port });
}

function machineDocument(port: number, adminPort: number, originPort: number): string {
  return `apiVersion: sluice/v1
kind: Proxy
node: { id: bench }
stateDir: state
workers: 1
listeners: [{ name: http, address: "127.0.0.1:${port}" }]
routes: [{ name: all, match: { path: { prefix: / } }, cluster: origin }]
clusters: [{ name: origin, endpoints: ["127.0.0.1:${originPort}"] }]
admin: { address: "127.0.0.1:${adminPort}" }
deployment: { file: deployment.yaml }
sinks: []
`;
}
