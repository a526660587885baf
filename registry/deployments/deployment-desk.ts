// Writes of deployments: read, check as a whole, number, store, publish. Between the check of the expected number and the
// commit nothing is awaited, so two writers can never both be the next.

import { SluiceError, readDocument, valueProblems } from "@sluice/abi";
import { DeploymentSchema, deploymentWarnings, parseDeployment } from "@sluice/proxy/contract";
import type { Deployment } from "@sluice/proxy/contract";
import type { Caller } from "../access/tokens.ts";
import { REGISTRY_ERRORS } from "../errors.ts";
import type { ConfigSchemas } from "../filters/config-schemas.ts";
import type { EventHub } from "../fleet/event-hub.ts";
import type { Fleet } from "../fleet/fleet.ts";
import type { StoredDeployment } from "../store/deployment-table.ts";
import type { Store } from "../store/store.ts";
import { DeploymentCheck } from "./deployment-check.ts";
import { differencesOf } from "./difference.ts";
import type { Difference } from "./difference.ts";
import { earlierEntry, withEntry } from "./rollback.ts";

export interface WriteOptions {
  readonly name: string;
  /** The number this write builds on; 0 for a deployment that does not exist yet. */
  readonly expected: number;
  readonly by: Caller;
  /** Check and compare, but store nothing. */
  readonly isDryRun: boolean;
}

export interface Written {
  readonly name: string;
  /** The number it has, or would have. */
  readonly number: number;
  readonly diff: readonly Difference[];
  /** What an operator should look at twice; never a reason to refuse. */
  readonly warnings: readonly string[];
  readonly dryRun: boolean;
}

export interface DeskServices {
  readonly store: Store;
  readonly fleet: Fleet;
  readonly events: EventHub;
  readonly schemas: ConfigSchemas;
}

export class DeploymentDesk {
  readonly #services: DeskServices;
  readonly #check: DeploymentCheck;

  constructor(services: DeskServices) {
    this.#services = services;
    this.#check = new DeploymentCheck(services.store.versions, services.schemas);
    // Compiles the schema: 44 ms, which the first deploy after a start would wait for.
    valueProblems(null, DeploymentSchema);
  }

  /** Writes a whole document from its text (JSON or YAML). */
  put(text: string, options: WriteOptions): Written {
    const written = readDocument(text, { file: "deployment", schema: DeploymentSchema });
    if (written.name !== options.name) {
      throw new SluiceError(
        REGISTRY_ERRORS.deploymentRefused,
        `the document is named ${written.name}, sent to ${options.name}`,
      );
    }
    return this.#write(this.#check.resolveTags(written), options);
  }

  /** Writes the current document with one slot as it was at number `to`, or as it last was before it changed. */
  rollback(
    request: { readonly slot: string; readonly to: number | null; readonly why: string | null },
    options: WriteOptions,
  ): Written {
    const { slot, to } = request;
    const current = this.#services.store.deployments.current(options.name);
    if (current === null) throw unknownDeployment(options.name);
    const earlier = earlierEntry(slot, to, current, (before) => this.#history(options.name, before));
    if (earlier === null) {
      const where = to === null ? "before now" : `at number ${to}`;
      throw new SluiceError(
        REGISTRY_ERRORS.rollbackNowhere,
        `slot ${slot} of ${options.name} has no other entry ${where}`,
      );
    }
    const why = request.why ?? `rollback of ${slot} to number ${earlier.number}`;
    return this.#write({ ...withEntry(current, earlier.slot), why }, options);
  }

  #history(name: string, before: number): StoredDeployment[] {
    return this.#services.store.deployments.history(name, before, HISTORY_STEP);
  }

  #write(document: Deployment, options: WriteOptions): Written {
    const { store } = this.#services;
    const before = store.deployments.current(options.name);
    refuseStale(options, before?.number ?? 0);
    const settled = settle(document);
    this.#check.checkRevisions(settled);
    this.#refuseMeeting(settled);
    const answer = { name: options.name, diff: differencesOf(before, settled), warnings: deploymentWarnings(settled) };
    if (options.isDryRun) return { ...answer, number: store.deployments.nextNumber(), dryRun: true };
    const when = new Date().toISOString();
    const stored = store.deployments.append(options.name, options.expected, (number) => ({
      ...settled,
      number,
      who: options.by.name,
      when,
    }));
    if (stored === null) throw stale(options, store.deployments.numberOf(options.name));
    this.#announce(stored, answer.warnings);
    return { ...answer, number: stored.number, dryRun: false };
  }

  /** Proxies first: the time until the new revision serves is what people feel. */
  #announce(stored: StoredDeployment, warnings: readonly string[]): void {
    const { fleet, events } = this.#services;
    fleet.publish(stored);
    const { name, number, who, when, why = "" } = stored;
    events.send({ event: "deployment", id: number, data: { name, number, who, when, why, warnings } });
  }

  #refuseMeeting(deployment: Deployment): void {
    const { store, fleet } = this.#services;
    for (const other of store.deployments.allCurrent()) {
      if (other.name === deployment.name) continue;
      const proxies = fleet.meetingPoints(deployment, other);
      if (proxies.length === 0) continue;
      throw new SluiceError(
        REGISTRY_ERRORS.targetsMeet,
        `deployments ${deployment.name} and ${other.name} would both apply to ${proxies.slice(0, 5).join(", ")}`,
      );
    }
  }
}

export function unknownDeployment(name: string, number: number | null = null): SluiceError {
  const which = number === null ? "" : ` with number ${number}`;
  return new SluiceError(REGISTRY_ERRORS.deploymentUnknown, `there is no deployment ${name}${which}`);
}

/** Numbers read at once while looking for an earlier entry. */
const HISTORY_STEP = 100;

/** The contract's own reading, once digests stand where tags stood: rules a schema cannot say, and the order of slots. */
function settle(document: Deployment): Deployment {
  const { number: _number, who: _who, when: _when, ...written } = document;
  return parseDeployment(JSON.stringify(written), "deployment", { syntax: "json" });
}

function refuseStale(options: WriteOptions, number: number): void {
  if (options.expected !== number) throw stale(options, number);
}

function stale(options: WriteOptions, number: number): SluiceError {
  return new SluiceError(
    REGISTRY_ERRORS.deploymentStale,
    `the write builds on number ${options.expected} of ${options.name}, which now has ${number === 0 ? "none" : `number ${number}`}`,
  );
}
