// nginx as the origin behind every contender, and as the peer that Sluice is measured against: plain, and with the policy of
// the filters in Lua. Tuned as an operator would: kept connections to the origin for all of the load, no log, no temporary files.

import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { IDLE_MS } from "../../proxy/upstream/limits.ts";
import { freePort } from "../free-port.ts";
import { startPinned, type Contender } from "./contender.ts";

/** Below it a burst of connects is dropped by the kernel and tried again after a second. */
const BACKLOG = 4096;
/** Each connection of a proxy is two. */
const CONNECTIONS_MAX = 16_384;
/** More than all scenarios under load have clients. */
const KEPT_TO_ORIGIN = 1_024;
/** As long as Sluice keeps them: else one would come to its round with its connections made, and the other without. */
const KEPT_TO_ORIGIN_SECONDS = IDLE_MS / 1000;

export interface NginxPlace {
  readonly nginx: string;
  readonly folder: string;
  /** One worker each. */
  readonly cores: readonly number[];
}

/** Answers every path with a body of `bodyBytes`; files of `folder` below /files/. */
export async function startOrigin(place: NginxPlace, bodyBytes: number): Promise<Contender> {
  return startNginx({ ...place, name: "origin" }, (listen) => ({
    http: `
    open_file_cache max=16;
    sendfile on;
    server {
      ${listen}
      location / { default_type text/plain; return 200 "${"x".repeat(bodyBytes)}"; }
      location /files/ { default_type text/plain; alias ${place.folder}/; }
    }`,
  }));
}

export async function startNginxProxy(place: NginxPlace, originPort: number): Promise<Contender> {
  return startNginx({ ...place, name: "nginx" }, (listen) => ({ http: proxyServer(listen, originPort, "") }));
}

/** The policy of `policy.lua` on each request: the same decisions as the three filters make. */
export async function startNginxWithLua(
  place: NginxPlace & { readonly nginxModules: string },
  originPort: number,
): Promise<Contender> {
  const load = (file: string): string => `load_module ${join(place.nginxModules, file)};`;
  const policy = `
      access_by_lua_block { policy.check() }
      header_filter_by_lua_block { policy.respond() }`;
  return startNginx({ ...place, name: "nginx with Lua" }, (listen) => ({
    main: `${load("ndk_http_module.so")}\n${load("ngx_http_lua_module.so")}`,
    http: `
    lua_package_path "${import.meta.dirname}/?.lua;;";
    lua_shared_dict buckets 10m;
    init_by_lua_block { policy = require "policy" }
    ${proxyServer(listen, originPort, policy)}`,
  }));
}

function proxyServer(listen: string, originPort: number, policy: string): string {
  return `
    upstream origin {
      server 127.0.0.1:${originPort};
      keepalive ${KEPT_TO_ORIGIN};
      keepalive_requests 100000000;
      keepalive_timeout ${KEPT_TO_ORIGIN_SECONDS}s;
    }
    server {
      ${listen}
      location / {
        ${policy}
        proxy_pass http://origin;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header X-Request-Id $request_id;
        proxy_request_buffering off;
        proxy_buffers 16 16k;
        proxy_max_temp_file_size 0;
      }
    }`;
}

/** What a configuration has before `http` and in it. */
interface NginxParts {
  readonly main?: string;
  readonly http: string;
}

async function startNginx(
  options: NginxPlace & { readonly name: string },
  parts: (listen: string) => NginxParts,
): Promise<Contender> {
  const { name, nginx, folder, cores } = options;
  const port = await freePort();
  const base = join(folder, name.replaceAll(" ", "-"));
  const { main = "", http } = parts(`listen 127.0.0.1:${port} reuseport backlog=${BACKLOG};`);
  writeFileSync(
    `${base}.conf`,
    `
${main}
worker_processes ${cores.length};
worker_rlimit_nofile ${CONNECTIONS_MAX};
daemon off;
pid ${base}.pid;
error_log ${base}.log crit;
events { worker_connections ${CONNECTIONS_MAX}; }
http {
  access_log off;
  keepalive_timeout 600s;
  keepalive_requests 100000000;
  client_body_temp_path ${folder};
  proxy_temp_path ${folder};
  fastcgi_temp_path ${folder};
  uwsgi_temp_path ${folder};
  scgi_temp_path ${folder};
  ${http}
}
`,
  );
  return startPinned({ name, command: [nginx, "-c", `${base}.conf`, "-e", `${base}.start.log`], cores, port });
}
