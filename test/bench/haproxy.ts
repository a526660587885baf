// haproxy as a further peer: as many threads as it has cores, kept connections shared by all requests, no log.

import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { freePort } from "../free-port.ts";
import { startPinned, type Contender } from "./contender.ts";

export async function startHaproxy(options: {
  haproxy: string;
  folder: string;
  cores: readonly number[];
  originPort: number;
}): Promise<Contender> {
  const { haproxy, folder, cores, originPort } = options;
  const port = await freePort();
  const file = join(folder, "haproxy.cfg");
  writeFileSync(
    file,
    `
global
  nbthread ${cores.length}
  maxconn 8192
defaults
  mode http
  timeout connect 5s
  timeout client 600s
  timeout server 600s
frontend clients
  bind 127.0.0.1:${port} backlog 4096
  http-request set-header x-forwarded-for %[src]
  http-request set-header x-forwarded-proto http
  http-request set-header x-request-id %[uuid]
  default_backend origin
backend origin
  http-reuse always
  server origin 127.0.0.1:${originPort} pool-max-conn -1
`,
  );
  return startPinned({ name: "haproxy", command: [haproxy, "-db", "-f", file], cores, port });
}
