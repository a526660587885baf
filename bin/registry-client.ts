// The registry's HTTP API as the commands use it. Its answers are a door: the shape that is needed is checked here,
// once, and a refusal of the registry becomes a SluiceError with the registry's own code, sentence and hint.

import type { ReadableStream as WebStream } from "node:stream/web";
import { SluiceError } from "@sluice/abi";
import type { Deployment } from "@sluice/proxy/contract";
import type {
  Collected,
  Difference,
  FilterSummary,
  ProxyView,
  Pushed,
  StoredDeployment,
  StoredVersion,
  Written,
} from "@sluice/registry";
import { BIN_ERRORS } from "./errors.ts";
import { registryTimeoutMs } from "./limits.ts";

export interface RegistryAccess {
  /** `http://127.0.0.1:9902`, without a path. */
  readonly address: string;
  readonly token: string;
}

/** One version as the registry lists it: with its document under `filter`. */
export type VersionEntry = Omit<StoredVersion, "document" | "filter"> & { readonly filter: StoredVersion["document"] };

/** One line of a deployment's history. */
export interface HistoryEntry {
  readonly number: number;
  readonly who: string;
  readonly when: string;
  readonly why: string;
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
  readonly #access: RegistryAccess;

  constructor(access: RegistryAccess) {
    this.#access = access;
  }

  async filters(): Promise<readonly FilterSummary[]> {
    return (await this.#json<{ filters: readonly FilterSummary[] }>("GET", "/v1/filters")).filters;
  }

  async versions(filter: string): Promise<readonly VersionEntry[]> {
    return (await this.#json<{ versions: readonly VersionEntry[] }>("GET", `${filterPath(filter)}/versions`)).versions;
  }

  async push(filter: string, parts: PushParts, tag: string | null): Promise<Omit<Pushed, "isNew">> {
    const query = tag === null ? "" : `?tag=${encodeURIComponent(tag)}`;
    return this.#json("PUT", `${filterPath(filter)}/versions${query}`, { body: pushForm(parts) });
  }

  /** The deployment in force; null before the first. */
  async deployment(name: string): Promise<StoredDeployment | null> {
    try {
      return await this.#json<StoredDeployment>("GET", deploymentPath(name));
    } catch (error) {
      if (error instanceof RegistryRefusal && error.status === 404) return null;
      throw error;
    }
  }

  /** Writes a deployment that builds on number `seen` (0: the first one). */
  async deploy(draft: DeploymentDraft, seen: number, options: { dryRun: boolean }): Promise<Written> {
    const path = `${deploymentPath(draft.name)}${options.dryRun ? "?dryRun=1" : ""}`;
    return this.#json("PUT", path, { body: JSON.stringify(draft), headers: { "if-match": `"${seen}"` } });
  }

  async rollback(name: string, change: { slot: string; to?: number; why?: string }, seen: number): Promise<Written> {
    const headers = { "if-match": `"${seen}"` };
    return this.#json("POST", `${deploymentPath(name)}/rollback`, { body: JSON.stringify(change), headers });
  }

  async history(name: string): Promise<readonly HistoryEntry[]> {
    return (await this.#json<{ history: readonly HistoryEntry[] }>("GET", `${deploymentPath(name)}/history`)).history;
  }

  /** `to` null: the number in charge. */
  deploymentDiff(name: string, from: string, to: string | null): Promise<DifferenceAnswer> {
    const query = new URLSearchParams(to === null ? { from } : { from, to });
    return this.#json("GET", `${deploymentPath(name)}/diff?${query}`);
  }

  /** Ends are tags or digests. */
  versionDiff(filter: string, from: string, to: string): Promise<DifferenceAnswer> {
    return this.#json("GET", `${filterPath(filter)}/diff?${new URLSearchParams({ from, to })}`);
  }

  deleteVersion(filter: string, digest: string): Promise<Collected> {
    return this.#json("DELETE", `${filterPath(filter)}/versions/${encodeURIComponent(digest)}`);
  }

  deleteTag(filter: string, tag: string): Promise<{ filter: string; tag: string }> {
    return this.#json("DELETE", `${filterPath(filter)}/tags/${encodeURIComponent(tag)}`);
  }

  deleteDeployment(name: string): Promise<{ name: string; number: number }> {
    return this.#json("DELETE", deploymentPath(name));
  }

  /** Deletes untagged versions that nothing needs; `olderThan` null: the registry's own bound. */
  collect(olderThan: string | null, dryRun: boolean): Promise<Collected> {
    const query = new URLSearchParams({
      ...(olderThan === null ? {} : { olderThan }),
      ...(dryRun ? { dryRun: "1" } : {}),
    });
    return this.#json("POST", `/v1/collect?${query}`);
  }

  /** The whole registry as a tar archive. A stream that breaks off ends with an error. */
  async backup(): Promise<WebStream<Uint8Array>> {
    const response = await this.#fetch("GET", "/v1/backup", {}, null);
    if (response.status === 200 && response.body !== null) return response.body as WebStream<Uint8Array>;
    const text = await response.text();
    throw refusalOf(parseJson(text, "GET /v1/backup", response.status), response.status, "GET /v1/backup");
  }

  async proxies(): Promise<readonly ProxyView[]> {
    return (await this.#json<{ proxies: readonly ProxyView[] }>("GET", "/v1/proxies")).proxies;
  }

  async #json<T>(method: string, path: string, message: Message = {}): Promise<T> {
    const { status, text } = await this.#send(method, path, message);
    const value = parseJson(text, `${method} ${this.#access.address}${path}`, status);
    if (status < 200 || status > 299) throw refusalOf(value, status, `${method} ${path}`);
    return value as T;
  }

  /** The whole answer: a connection that breaks within the body is no answer either. */
  async #send(method: string, path: string, message: Message): Promise<{ status: number; text: string }> {
    const response = await this.#fetch(method, path, message, registryTimeoutMs);
    try {
      return { status: response.status, text: await response.text() };
    } catch (cause) {
      throw this.#unreachable(cause);
    }
  }

  /** `timeoutMs` is for the whole answer; null for one whose length is nobody's to bound. */
  async #fetch(method: string, path: string, message: Message, timeoutMs: number | null): Promise<Response> {
    const headers: Record<string, string> = { authorization: `Bearer ${this.#access.token}`, ...message.headers };
    if (typeof message.body === "string") headers["content-type"] = "application/json";
    try {
      return await fetch(new URL(path, this.#access.address), {
        method,
        headers,
        ...(message.body === undefined ? {} : { body: message.body }),
        ...(timeoutMs === null ? {} : { signal: AbortSignal.timeout(timeoutMs) }),
      });
    } catch (cause) {
      throw this.#unreachable(cause);
    }
  }

  #unreachable(cause: unknown): SluiceError {
    const message = `The registry at ${this.#access.address} did not answer: ${reasonOf(cause)}.`;
    return new SluiceError(BIN_ERRORS.unreachable, message, { cause });
  }
}

interface Message {
  readonly body?: string | FormData;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A refusal that the registry itself gave: its code, sentence and hint, with the HTTP status beside them. */
export class RegistryRefusal extends SluiceError {
  readonly status: number;

  constructor(refusal: { code: `SLUICE-E${number}`; message: string; hint: string }, status: number) {
    super({ code: refusal.code, meaning: "", hint: refusal.hint }, refusal.message);
    this.status = status;
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

function parseJson(text: string, what: string, status: number): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SluiceError(BIN_ERRORS.badAnswer, `${what} answered ${status} without JSON: "${text.slice(0, 80)}".`, {
      cause,
    });
  }
}

function refusalOf(value: unknown, status: number, what: string): SluiceError {
  if (isRefusal(value)) return new RegistryRefusal(value, status);
  return new SluiceError(BIN_ERRORS.badAnswer, `${what} was answered with ${status} and no code.`);
}

function isRefusal(value: unknown): value is { code: `SLUICE-E${number}`; message: string; hint: string } {
  if (typeof value !== "object" || value === null) return false;
  return ["code", "message", "hint"].every((key) => typeof (value as Record<string, unknown>)[key] === "string");
}

function reasonOf(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  if (inner instanceof AggregateError) return inner.errors.map(reasonOf).join(", ");
  return inner instanceof Error ? inner.message || inner.name : String(inner);
}
