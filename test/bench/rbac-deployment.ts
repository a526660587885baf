// The deployment of the run with a policy: rbac with a handful of rules, none of which denies the benchmark's requests,
// so that every one is read to its end.

import { copyFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { buildFilter } from "@sluice/sdk-filter";

const filterFolder = resolve(import.meta.dirname, "../../filters-as/rbac");

export const policies = [
  {
    name: "closed",
    action: "DENY",
    rules: [
      {
        to: [{ operation: { paths: ["/internal/*", "/admin/*"] } }],
        when: [{ key: "request.headers[x-role]", notValues: ["admin"] }],
      },
      { to: [{ operation: { methods: ["DELETE", "PUT"] } }], from: [{ source: { notIpBlocks: ["10.0.0.0/8"] } }] },
    ],
  },
  {
    name: "open",
    action: "ALLOW",
    rules: [
      { to: [{ operation: { methods: ["POST"], paths: ["/orders/*"] } }] },
      {
        to: [{ operation: { methods: ["GET"], paths: ["/*"] } }],
        when: [{ key: "request.headers[x-role]", values: ["guest", "admin"] }],
      },
    ],
  },
];

/** The text of deployment.yaml; puts what it names into `folder`, one above the proxy's own. */
export async function rbacDeployment(folder: string): Promise<string> {
  const built = await buildFilter(filterFolder, { onlyWhenStale: true });
  copyFileSync(built.wasmFile, join(folder, "rbac.wasm"));
  writeFileSync(join(folder, "filter.yaml"), built.documentText);
  return `apiVersion: sluice/v1
kind: Deployment
name: default
slots:
  - name: rbac
    phase: AUTHZ
    revisions: [{ filter: rbac, module: ../rbac.wasm, document: ../filter.yaml, pluginConfig: ${JSON.stringify({ policies })} }]
`;
}
