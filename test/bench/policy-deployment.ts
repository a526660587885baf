// The deployment of the run with three filters: rbac, a rate limit by user that is never reached, a response field. `policy.lua`
// says the same to nginx.

import { copyFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { buildFilter } from "@sluice/sdk-filter";

import { policies } from "./rbac-policies.ts";

const FILTERS = resolve(import.meta.dirname, "../../filters-as");

const SLOTS = [
  { filter: "rbac", phase: "AUTHZ", pluginConfig: { policies } },
  {
    filter: "rate-limit",
    phase: "QUOTA",
    pluginConfig: { limits: [{ quota: "per-user", by: ["header:x-user"] }], fields: "never" },
  },
  {
    filter: "headers",
    phase: "OTHER",
    pluginConfig: { rules: [{ response: { set: [{ name: "x-policy", value: "checked" }] } }] },
  },
];

/** The text of deployment.yaml; puts what it names into `folder`, one above the proxy's own. */
export async function policyDeployment(folder: string): Promise<string> {
  for (const { filter } of SLOTS) {
    const built = await buildFilter(join(FILTERS, filter), { onlyWhenStale: true });
    copyFileSync(built.wasmFile, join(folder, `${filter}.wasm`));
    writeFileSync(join(folder, `${filter}.yaml`), built.documentText);
  }
  return JSON.stringify({
    apiVersion: "sluice/v1",
    kind: "Deployment",
    name: "default",
    quotas: [{ name: "per-user", rate: "1000000/s", burst: 1_000_000 }],
    slots: SLOTS.map(({ filter, phase, pluginConfig }) => ({
      name: filter,
      phase,
      revisions: [{ filter, module: `../${filter}.wasm`, document: `../${filter}.yaml`, pluginConfig }],
    })),
  });
}
