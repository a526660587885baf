// Which versions must not go: those that a deployment in charge names, those a rollback may want, those that a proxy
// still runs. Decides, does nothing.

import type { Digest } from "@sluice/proxy/contract";
import type { StoredDeployment } from "../store/deployment-table.ts";

/** By version: the sentence that says who needs it. */
export function neededVersions(deployments: readonly StoredDeployment[]): ReadonlyMap<Digest, string> {
  const needed = new Map<Digest, string>();
  for (const { name, number, slots } of deployments) {
    for (const slot of slots) {
      for (const { version } of slot.revisions) {
        // The newest number comes first, and is the better reason.
        if (version !== undefined && !needed.has(version))
          needed.set(version, `number ${number} of deployment ${name} has it in slot ${slot.name}`);
      }
    }
  }
  return needed;
}
