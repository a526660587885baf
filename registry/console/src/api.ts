// What the console asks of the registry: one typed call per endpoint of the HTTP API, and the event stream.

import type { Deployment as DeploymentDocument, ProxyCounters } from "@sluice/proxy/contract";

export type { Revision, RevisionCounters, Slot } from "@sluice/proxy/contract";

/** As the registry stores it: numbered. */
export type Deployment = DeploymentDocument & { number: number };

export interface Problem {
  code: string;
  message: string;
  hint: string;
}

export interface FilterSummary {
  name: string;
}

export interface Proof {
  ok: boolean;
  refusal?: Problem;
  [fact: string]: unknown;
}

export interface FilterVersion {
  digest: string;
  moduleDigest: string;
  tags: string[];
  pushedAt: string;
  pushedBy: string;
  size: number;
  proof: Proof;
  filter: { phase?: string; description?: string; capabilities?: string[]; requires?: string[] };
}

export interface HistoryEntry {
  number: number;
  who: string;
  when: string;
  why: string;
  diff?: string[];
}

export interface ProxyState {
  id: string;
  labels: Record<string, string>;
  wanted: number | null;
  applied: number | null;
  refused: { number: number; code: string; message: string } | null;
  ready: boolean;
  connected: boolean;
  lastSeen: string | null;
  counters: ProxyCounters | null;
}

export class ApiError extends Error {
  readonly problem: Problem;
  readonly status: number;
  constructor(status: number, problem: Problem) {
    super(problem.message);
    this.status = status;
    this.problem = problem;
  }
}

/** Trades a token for the session cookie that every later call carries by itself. */
export async function openSession(token: string): Promise<void> {
  await call("POST", "/v1/session", { token });
}

export const fetchFilters = (): Promise<{ filters: FilterSummary[] }> => call("GET", "/v1/filters");
export const fetchVersions = (filter: string): Promise<{ versions: FilterVersion[] }> =>
  call("GET", `/v1/filters/${encodeURIComponent(filter)}/versions`);
export const fetchDeployments = (): Promise<{ deployments: Deployment[] }> => call("GET", "/v1/deployments");
export const fetchHistory = (deployment: string): Promise<{ history: HistoryEntry[] }> =>
  call("GET", `/v1/deployments/${encodeURIComponent(deployment)}/history`);
export const fetchProxies = (): Promise<{ proxies: ProxyState[] }> => call("GET", "/v1/proxies");

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = { "x-sluice-console": "1" };
  if (body !== undefined) headers["content-type"] = "application/json";
  const response = await fetch(path, {
    method,
    headers,
    credentials: "same-origin",
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new ApiError(response.status, problemIn(text, response.status));
  return (text === "" ? {} : JSON.parse(text)) as T;
}

function problemIn(text: string, status: number): Problem {
  try {
    return JSON.parse(text) as Problem;
  } catch {
    return { code: "", message: `the registry answered ${status}`, hint: "look at the registry's log" };
  }
}
