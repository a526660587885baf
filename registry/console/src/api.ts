// What the console asks of the registry: one typed call per endpoint of the HTTP API, and the event stream.

// The shapes of the registry's answers as far as the page shows them (`/v1/openapi.json`). They are written out here
// because the server's own types would bring Node's into a program for browsers; the browser test holds the two together.

export interface Revision {
  readonly filter: string;
  readonly version: string;
  readonly tag?: string;
  readonly weight?: number;
  readonly pluginConfig?: unknown;
}

export interface Slot {
  readonly name: string;
  readonly phase: string;
  readonly failStrategy?: string;
  readonly dryRun?: boolean;
  readonly revisions: readonly Revision[];
}

export interface StoredDeployment {
  readonly name: string;
  readonly number: number;
  readonly slots: readonly Slot[];
  readonly who: string;
  readonly when: string;
  readonly why?: string;
}

/** One changed place between two deployments. */
export interface Difference {
  readonly path: string;
  readonly kind: "added" | "removed" | "changed" | "moved";
  readonly from?: unknown;
  readonly to?: unknown;
}

export interface HistoryEntry {
  readonly number: number;
  readonly who: string;
  readonly when: string;
  readonly why: string;
  readonly diff: readonly Difference[];
}

export interface FilterSummary {
  readonly name: string;
}

export interface Proof {
  readonly ok: boolean;
  readonly refusal: Problem | null;
}

export interface FilterVersion {
  readonly digest: string;
  readonly moduleDigest: string;
  readonly tags: readonly string[];
  readonly pushedAt: string;
  readonly pushedBy: string;
  readonly size: number;
  readonly proof: Proof;
  readonly filter: { readonly description?: string };
}

/** What one revision did in one slot since the proxy started. */
export interface RevisionCounters {
  readonly slot: string;
  readonly version: string;
  /** True while the proxy's snapshot has it. */
  readonly current: boolean;
  readonly noOpinion: number;
  readonly allowed: number;
  readonly denied: Readonly<Record<string, number>>;
  readonly errors: Readonly<Record<string, number>>;
  readonly lastError: {
    readonly cause: string;
    readonly message: string;
    readonly at: string | null;
    readonly time: string;
  } | null;
}

export interface ProxyView {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly connected: boolean;
  readonly lastSeen: string;
  readonly wanted: number | null;
  readonly applied: number | null;
  readonly refused: { readonly number: number; readonly code: string; readonly message: string } | null;
  readonly ready: boolean;
  readonly notLoaded: readonly { readonly slot: string; readonly message: string }[];
  readonly counters: { readonly requests: number; readonly revisions: readonly RevisionCounters[] } | null;
}

export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
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
export const fetchDeployments = (): Promise<{ deployments: StoredDeployment[] }> => call("GET", "/v1/deployments");
export const fetchHistory = (deployment: string): Promise<{ history: HistoryEntry[] }> =>
  call("GET", `/v1/deployments/${encodeURIComponent(deployment)}/history`);
export const fetchProxies = (): Promise<{ proxies: ProxyView[] }> => call("GET", "/v1/proxies");

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
