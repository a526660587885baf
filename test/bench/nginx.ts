// nginx as the origin behind every contender, and as the peer that Sluice is measured against.

import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { freePort } from "../free-port.ts";
import { startPinned, type Contender } from "./contender.ts";

/** One worker that answers every path with a body of `bodyBytes`. */
export async function startOrigin(nginx: string, folder: string, core: number, bodyBytes: number): Promise<Contender> {
  return startNginx(
    { name: "origin", nginx, folder, core },
    (port) => `
    server {
      listen 127.0.0.1:${port};
      location / { default_type text/plain; return 200 "${"x".repeat(bodyBytes)}"; }
    }`,
  );
}

/** One worker that forwards to the origin over kept connections. */
export async function startNginxProxy(
  nginx: string,
  folder: string,
  core: number,
  originPort: number,
): Promise<Contender> {
  return startNginx(
    { name: "nginx", nginx, folder, core },
    (port) => `
    upstream origin { server 127.0.0.1:${originPort}; keepalive 128; keepalive_requests 100000000; }
    server {
      listen 127.0.0.1:${port};
      location / {
        proxy_pass http://origin;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-For $remote_addr;
      }
    }`,
  );
}

async function startNginx(
  options: { name: string; nginx: string; folder: string; core: number },
  server: (port: number) => string,
): Promise<Contender> {
  const { name, nginx, folder, core } = options;
  const port = await freePort();
  const file = join(folder, `${name}.conf`);
  writeFileSync(
    file,
    `
worker_processes 1;
daemon off;
pid ${join(folder, `${name}.pid`)};
error_log ${join(folder, `${name}.log`)} crit;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 100000000;
  client_body_temp_path ${folder};
  proxy_temp_path ${folder};
  fastcgi_temp_path ${folder};
  uwsgi_temp_path ${folder};
  scgi_temp_path ${folder};
  ${server(port)}
}
`,
  );
  return startPinned({ name, command: [nginx, "-c", file, "-e", join(folder, `${name}.start.log`)], core, port });
}
