// The host that the suite asks: ours, or the one that a module named by CONFORMANCE_HOST exports as `host`.
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Host } from "./host.ts";
import { sluiceHost } from "./sluice-host.ts";

const path = process.env["CONFORMANCE_HOST"];

export const hostUnderTest: Host = path === undefined ? sluiceHost : await hostOf(path);

async function hostOf(modulePath: string): Promise<Host> {
  const { host } = (await import(pathToFileURL(resolve(modulePath)).href)) as { host: Host };
  return host;
}
