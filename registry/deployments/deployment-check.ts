// Whether a deployment may be stored: every revision exists, its configuration fits its version's schema, and what its
// filter asks for is granted. All problems are found before anything is refused; nothing is ever applied in part.

import { SluiceError } from "@sluice/abi";
import { grantedCapabilities, ownRevisions } from "@sluice/proxy/contract";
import type { Deployment, Revision, Slot } from "@sluice/proxy/contract";
import { REGISTRY_ERRORS } from "../errors.ts";
import type { ConfigSchemas } from "../filters/config-schemas.ts";
import type { StoredVersion, VersionTable } from "../store/version-table.ts";

export class DeploymentCheck {
  readonly #versions: VersionTable;
  readonly #schemas: ConfigSchemas;

  constructor(versions: VersionTable, schemas: ConfigSchemas) {
    this.#versions = versions;
    this.#schemas = schemas;
  }

  /** Gives every revision that names only a tag the digest behind it. Throws SLUICE-E3053 naming all unknown ones. */
  resolveTags(deployment: Deployment): Deployment {
    const problems: string[] = [];
    const slots = deployment.slots.map((slot) => ({
      ...slot,
      revisions: slot.revisions.map((revision, index) =>
        this.#resolved(revision, `${placeOf(slot.name, index)}`, problems),
      ),
    }));
    refuseWhenAny(problems);
    return { ...deployment, slots };
  }

  /** Throws SLUICE-E3053 naming every place that is wrong. */
  checkRevisions(deployment: Deployment): void {
    const problems = deployment.slots.flatMap((slot) => [
      ...slot.revisions.flatMap((revision, index) =>
        this.#problemsOf(revision).map((problem) => `${placeOf(slot.name, index)}: ${problem}`),
      ),
      ...this.#routeProblems(slot),
    ]);
    refuseWhenAny(problems);
  }

  /** A configuration for some routes must fit every version that the slot has. */
  #routeProblems(slot: Slot): string[] {
    const found = ownRevisions(slot).flatMap(({ place, revisions }) =>
      revisions.flatMap((revision) => {
        const version = this.#versionOf(revision);
        const problems = version === null ? [] : this.#configProblems(revision, version);
        return problems.map((problem) => `slots.${slot.name}.perRoute[${place}]: ${problem}`);
      }),
    );
    return [...new Set(found)];
  }

  #resolved(revision: Revision, place: string, problems: string[]): Revision {
    if (revision.version !== undefined || revision.tag === undefined) return revision;
    const version = this.#versions.findByTag(revision.filter, revision.tag);
    if (version !== null) return { ...revision, version: version.digest };
    const tags = this.#versions.list(revision.filter).flatMap((known) => known.tags);
    problems.push(
      `${place}: ${revision.filter} has no tag ${revision.tag}; it has ${tags.length === 0 ? "none" : tags.join(", ")}`,
    );
    return revision;
  }

  #problemsOf(revision: Revision): string[] {
    const version = this.#versionOf(revision);
    if (version === null)
      return [`${revision.filter} has no version ${revision.version ?? "(none named)"}; push it first`];
    return [...this.#configProblems(revision, version), ...capabilityProblems(revision, version)];
  }

  #versionOf({ filter, version }: Revision): StoredVersion | null {
    return version === undefined ? null : this.#versions.find(filter, version);
  }

  #configProblems(revision: Revision, version: StoredVersion): string[] {
    const { config } = version.document;
    if (config === undefined) return [];
    const { pluginConfig } = revision;
    // No configuration is checked as `null`: a forgotten one is refused wherever the schema does not allow for it.
    const problem = this.#schemas.of(config).problemOf(pluginConfig ?? null);
    if (problem === null) return [];
    if (pluginConfig === undefined)
      return [`there is no pluginConfig, but ${version.filter} has a schema for one: ${problem}`];
    return [`pluginConfig does not fit the schema of ${version.filter}: ${problem}`];
  }
}

function capabilityProblems(revision: Revision, version: StoredVersion): string[] {
  const granted: readonly string[] = grantedCapabilities(revision);
  const missing = (version.document.capabilities ?? []).filter((family: string) => !granted.includes(family));
  return missing.map(
    (family) =>
      `${version.filter} asks for the capability ${family}, which is not granted; add it with --grant ${family}`,
  );
}

function placeOf(slot: string, index: number): string {
  return `slots.${slot}.revisions[${index}]`;
}

function refuseWhenAny(problems: readonly string[]): void {
  if (problems.length === 0) return;
  throw new SluiceError(REGISTRY_ERRORS.deploymentRefused, `the deployment was refused:\n${problems.join("\n")}`);
}
