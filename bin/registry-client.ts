// The registry's HTTP API as the commands use it.

import type { ReadableStream as WebStream } from "node:stream/web";
import type { Deployment, ServerSentEvent } from "@sluice/proxy/contract";
import type {
  Collected,
  Difference,
  FilterSummary,
  Forced,
  ProxyView,
  Pushed,
  StoredDeployment,
  StoredOverrideEvent,
  StoredVersion,
  Written,
} from "@sluice/registry";
import { ApiCaller, ApiRefusal } from "./api-caller.ts";
import type { ApiAccess } from "./api-caller.ts";

/** One version as the registry lists it: with its document under `filter`. */
export type VersionEntry = Omit<StoredVersion, "document" | "filter"> & { readonly filter: StoredVersion["document"] };

/** One line of a deployment's history. */
export interface HistoryEntry {
  readonly number: number;
  readonly who: string;
  readonly when: string;
  readonly why: string;
}

/** A page of history. */
export interface WholeHistory {
  readonly history: readonly HistoryEntry[];
  readonly overrides: readonly StoredOverrideEvent[];
}

/** What lies between two numbers of a deployment, or two versions of a filter. */
export interface DifferenceAnswer {
  readonly from: number | string;
  readonly to: number | string;
  readonly diff: readonly Difference[];
}

/** What is pushed: the module and, when the author has them, the parts that travel with it. */
export interface PushParts {
  readonly module: Uint8Array<ArrayBuffer>;
  readonly filter: string | null;
  readonly sourceMap: string | null;
  readonly requests: readonly { readonly name: string; readonly text: string }[];
}

/** A deployment to write: the document without what the registry itself gives. */
export type DeploymentDraft = Omit<Deployment, "number" | "who" | "when">;

export class RegistryClient {
  readonly #api: ApiCaller;

  constructor(access: ApiAccess) {
    this.#api = new ApiCaller(access, "The registry");
  }

  async filters(): Promise<readonly FilterSummary[]> {
    return (await this.#api.json<{ filters: readonly FilterSummary[] }>("GET", "/v1/filters")).filters;
  }

  async versions(filter: string): Promise<readonly VersionEntry[]> {
    return (await this.#api.json<{ versions: readonly VersionEntry[] }>("GET", `${filterPath(filter)}/versions`))
      .versions;
  }

  async push(filter: string, parts: PushParts, tag: string | null): Promise<Omit<Pushed, "isNew">> {
    const query = tag === null ? "" : `?tag=${encodeURIComponent(tag)}`;
    return this.#api.json("PUT", `${filterPath(filter)}/versions${query}`, { body: pushForm(parts) });
  }

  /** The deployment in force; null before the first. */
  async deployment(name: string): Promise<StoredDeployment | null> {
    try {
      return await this.#api.json<StoredDeployment>("GET", deploymentPath(name));
    } catch (error) {
      if (error instanceof ApiRefusal && error.status === 404) return null;
      throw error;
    }
  }

  /** Writes a deployment that builds on number `seen` (0: the first one). */
  async deploy(draft: DeploymentDraft, seen: number, options: { dryRun: boolean }): Promise<Written> {
    const path = `${deploymentPath(draft.name)}${options.dryRun ? "?dryRun=1" : ""}`;
    return this.#api.json("PUT", path, { body: JSON.stringify(draft), headers: { "if-match": `"${seen}"` } });
  }

  async rollback(name: string, change: { slot: string; to?: number; why?: string }, seen: number): Promise<Written> {
    const headers = { "if-match": `"${seen}"` };
    return this.#api.json("POST", `${deploymentPath(name)}/rollback`, { body: JSON.stringify(change), headers });
  }

  /** Signs the header with which a request chooses its revision. */
  async force(name: string, request: { slot: string; revision: string; for: string }): Promise<Forced> {
    return this.#api.json("POST", `${deploymentPath(name)}/force`, { body: JSON.stringify(request) });
  }

  async history(name: string): Promise<readonly HistoryEntry[]> {
    return (await this.wholeHistory(name)).history;
  }

  /** With what operators did to single proxies beside the deployments. */
  wholeHistory(name: string): Promise<WholeHistory> {
    return this.#api.json("GET", `${deploymentPath(name)}/history`);
  }

  /** `to` null: the number in charge. */
  deploymentDiff(name: string, from: string, to: string | null): Promise<DifferenceAnswer> {
    const query = new URLSearchParams(to === null ? { from } : { from, to });
    return this.#api.json("GET", `${deploymentPath(name)}/diff?${query}`);
  }

  /** Ends are tags or digests. */
  versionDiff(filter: string, from: string, to: string): Promise<DifferenceAnswer> {
    return this.#api.json("GET", `${filterPath(filter)}/diff?${new URLSearchParams({ from, to })}`);
  }

  deleteVersion(filter: string, digest: string): Promise<Collected> {
    return this.#api.json("DELETE", `${filterPath(filter)}/versions/${encodeURIComponent(digest)}`);
  }

  deleteTag(filter: string, tag: string): Promise<{ filter: string; tag: string }> {
    return this.#api.json("DELETE", `${filterPath(filter)}/tags/${encodeURIComponent(tag)}`);
  }

  deleteDeployment(name: string): Promise<{ name: string; number: number }> {
    return this.#api.json("DELETE", deploymentPath(name));
  }

  /** Deletes untagged versions that nothing needs; `olderThan` null: the registry's own bound. */
  collect(olderThan: string | null, dryRun: boolean): Promise<Collected> {
    const query = new URLSearchParams({
      ...(olderThan === null ? {} : { olderThan }),
      ...(dryRun ? { dryRun: "1" } : {}),
    });
    return this.#api.json("POST", `/v1/collect?${query}`);
  }

  /** The whole registry as a tar archive. A stream that breaks off ends with an error. */
  backup(): Promise<WebStream<Uint8Array>> {
    return this.#api.stream("/v1/backup");
  }

  /** Live records: hello, record, dropped, heartbeat. */
  tail(query: URLSearchParams, signal: AbortSignal): AsyncGenerator<ServerSentEvent> {
    return this.#api.events(`/v1/tail?${query}`, signal);
  }

  async proxies(): Promise<readonly ProxyView[]> {
    return (await this.#api.json<{ proxies: readonly ProxyView[] }>("GET", "/v1/proxies")).proxies;
  }
}

function filterPath(name: string): string {
  return `/v1/filters/${encodeURIComponent(name)}`;
}

function deploymentPath(name: string): string {
  return `/v1/deployments/${encodeURIComponent(name)}`;
}

function pushForm(parts: PushParts): FormData {
  const form = new FormData();
  // The documents go first, so that the registry has read them when the module arrives.
  if (parts.filter !== null)
    form.append("filter", new Blob([parts.filter], { type: "application/yaml" }), "filter.yaml");
  for (const request of parts.requests) {
    form.append("requests", new Blob([request.text], { type: "application/yaml" }), request.name);
  }
  if (parts.sourceMap !== null)
    form.append("sourceMap", new Blob([parts.sourceMap], { type: "application/json" }), "module.wasm.map");
  form.append("module", new Blob([parts.module], { type: "application/wasm" }), "module.wasm");
  return form;
}
