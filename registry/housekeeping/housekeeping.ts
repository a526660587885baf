// Takes away what nothing needs: versions, tags, deployments without a proxy. Deployments in charge are the roots, with
// the numbers before them that a rollback may want and whatever a proxy says it runs.

import { SluiceError } from "@sluice/abi";
import type { Digest } from "@sluice/proxy/contract";
import type { Caller } from "../access/tokens.ts";
import { unknownDeployment } from "../deployments/deployment-desk.ts";
import { REGISTRY_ERRORS } from "../errors.ts";
import type { EventHub } from "../fleet/event-hub.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { ROLLBACK_NUMBERS_KEPT } from "../limits.ts";
import type { StoredDeployment } from "../store/deployment-table.ts";
import type { Store } from "../store/store.ts";
import type { StoredVersion } from "../store/version-table.ts";
import { neededVersions } from "./needs.ts";

export interface HousekeepingServices {
  readonly store: Store;
  readonly fleet: Fleet;
  readonly events: EventHub;
}

export interface RemovedVersion {
  readonly filter: string;
  readonly version: Digest;
  readonly tags: readonly string[];
  readonly size: number;
  readonly pushedAt: string;
}

export interface Collected {
  /** Removed, or in a dry run those that would be. */
  readonly versions: readonly RemovedVersion[];
  /** Bytes of modules and documents that no version names any more; 0 in a dry run. */
  readonly freedBytes: number;
  readonly dryRun: boolean;
}

export class Housekeeping {
  readonly #services: HousekeepingServices;

  constructor(services: HousekeepingServices) {
    this.#services = services;
  }

  /** Removes one version with its tags. Throws SLUICE-E3033 or E3036. */
  async deleteVersion(filter: string, digest: Digest): Promise<Collected> {
    const { store } = this.#services;
    return store.withBlobs(async () => {
      const version = store.versions.find(filter, digest);
      if (version === null) throw new SluiceError(REGISTRY_ERRORS.versionUnknown, `${filter} has no version ${digest}`);
      const reason = this.#needed().get(digest);
      if (reason !== undefined)
        throw new SluiceError(REGISTRY_ERRORS.versionNeeded, `${filter} ${digest} stays: ${reason}`);
      return this.#remove([version]);
    });
  }

  /** Removes every untagged version pushed before `before` that nothing needs. */
  async collect(before: Date, isDryRun: boolean): Promise<Collected> {
    const { store } = this.#services;
    return store.withBlobs(async () => {
      const needed = this.#needed();
      const unneeded = store.versions
        .filters()
        .flatMap(({ name }) => store.versions.list(name))
        .filter(
          ({ digest, tags, pushedAt }) => !needed.has(digest) && tags.length === 0 && new Date(pushedAt) < before,
        );
      if (isDryRun) return { versions: unneeded.map(removedOf), freedBytes: 0, dryRun: true };
      return this.#remove(unneeded);
    });
  }

  async deleteTag(filter: string, tag: string): Promise<void> {
    const { store } = this.#services;
    if (!store.versions.removeTag(filter, tag))
      throw new SluiceError(REGISTRY_ERRORS.tagUnknown, `${filter} has no tag ${tag}`);
    await store.renewIndex();
  }

  /** Takes a deployment out of charge that no known proxy takes. Throws SLUICE-E3050 or E3056. */
  deleteDeployment(name: string, by: Caller): StoredDeployment {
    const { store, fleet, events } = this.#services;
    const current = store.deployments.current(name);
    if (current === null) throw unknownDeployment(name);
    const proxies = fleet.meetingPoints(current, current);
    if (proxies.length > 0) {
      const some = proxies.slice(0, 5).join(", ");
      throw new SluiceError(REGISTRY_ERRORS.deploymentNeeded, `deployment ${name} stays: it is for ${some}`);
    }
    const when = new Date().toISOString();
    store.deployments.retire(name, current.number, { who: by.name, when });
    events.send({ event: "deploymentDeleted", data: { name, number: current.number, who: by.name, when } });
    return current;
  }

  #needed(): ReadonlyMap<Digest, string> {
    const { store, fleet } = this.#services;
    const applied = fleet.list().flatMap(({ deployment, applied: number }) => {
      const found = deployment === null || number === null ? null : store.deployments.at(deployment, number);
      return found === null ? [] : [found];
    });
    return neededVersions([...store.deployments.recent(ROLLBACK_NUMBERS_KEPT), ...applied]);
  }

  async #remove(versions: readonly StoredVersion[]): Promise<Collected> {
    const { store, events } = this.#services;
    const bytesBefore = store.versions.blobBytes();
    for (const { filter, digest } of versions) {
      store.versions.remove(filter, digest);
      events.send({ event: "versionDeleted", data: { filter, version: digest } });
    }
    const freedBytes = bytesBefore - store.versions.blobBytes();
    await store.sweepBlobs();
    await store.renewIndex();
    return { versions: versions.map(removedOf), freedBytes, dryRun: false };
  }
}

function removedOf({ filter, digest, tags, size, pushedAt }: StoredVersion): RemovedVersion {
  return { filter, version: digest, tags, size, pushedAt };
}
