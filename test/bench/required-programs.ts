// The programs of the comparison, from Debian packages. What is missing is said at once and with the command that installs it.

import { existsSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { join } from "node:path";

import { systemProgram } from "../gate/system-program.ts";

/** What the comparison runs, as paths. */
export interface RequiredPrograms {
  readonly nginx: string;
  /** The folder with nginx's modules. */
  readonly nginxModules: string;
  readonly haproxy: string;
  readonly wrk: string;
}

const LUA_MODULES = ["ndk_http_module.so", "ngx_http_lua_module.so"];

/** Throws when something is missing, naming all of it. */
export function requiredPrograms(): RequiredPrograms {
  const find = (program: string): string | null => systemProgram([program], program);
  const found = { nginx: find("nginx"), haproxy: find("haproxy"), wrk: find("wrk") };
  const missing = Object.entries(found).flatMap(([name, path]) => (path === null ? [name] : []));
  const nginxModules = found.nginx === null ? null : modulesOf(found.nginx);
  if (nginxModules === null) missing.push("libnginx-mod-http-lua");
  if (missing.length > 0) throw new Error(missingSentence(missing));
  return { ...found, nginxModules } as RequiredPrograms;
}

export function missingSentence(packages: readonly string[]): string {
  return `this benchmark needs what is not installed here: apt-get install --no-install-recommends ${packages.join(" ")}`;
}

/** Where nginx's Lua modules lie; null when they are not there. */
function modulesOf(nginx: string): string | null {
  const { stderr: built } = spawnSync(nginx, ["-V"], { encoding: "utf8" });
  const folder = /--modules-path=(\S+)/.exec(built)?.[1] ?? "/usr/lib/nginx/modules";
  return LUA_MODULES.every((file) => existsSync(join(folder, file))) ? folder : null;
}
