// What the console asks of the registry: one typed call per endpoint of the HTTP API, and the event stream.

// The shapes of the registry's answers as far as the page shows them (`/v1/openapi.json`). They are written out here
// because the server's own types would bring Node's into a program for browsers; the browser test holds the two together.

/** What a role may do; the server's words. The page asks for these three. */
export type Act = "push" | "tag" | "deploy";

export interface Session {
  readonly name: string;
  readonly role: string;
  readonly acts: readonly string[];
}

export interface Revision {
  readonly filter: string;
  readonly version?: string;
  readonly tag?: string;
  readonly weight?: number;
  readonly pluginConfig?: unknown;
  readonly capabilities?: readonly string[];
  readonly limits?: unknown;
}

/** Fields that the page does not know are kept as they are when it writes a slot again. */
export interface Slot {
  readonly name: string;
  readonly phase: string;
  readonly failStrategy?: string;
  readonly failOpenOn?: readonly string[];
  readonly dryRun?: boolean;
  readonly split?: { readonly by: string; readonly salt?: string };
  readonly revisions: readonly Revision[];
}

/** A deployment to write: the document without what the registry itself gives. */
export interface DeploymentDraft {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly slots: readonly Slot[];
  readonly why?: string;
}

export interface StoredDeployment extends DeploymentDraft {
  readonly number: number;
  readonly who: string;
  readonly when: string;
}

/** One changed place between two deployments. */
export interface Difference {
  readonly path: string;
  readonly kind: "added" | "removed" | "changed" | "moved";
  readonly from?: unknown;
  readonly to?: unknown;
}

/** The answer to a write, or to its dry run. */
export interface Written {
  readonly name: string;
  readonly number: number;
  readonly diff: readonly Difference[];
  readonly warnings: readonly string[];
}

export interface HistoryEntry {
  readonly number: number;
  readonly who: string;
  readonly when: string;
  readonly why: string;
  readonly diff: readonly Difference[];
}

export interface HistoryPage {
  readonly history: readonly HistoryEntry[];
  readonly overrides: readonly OverrideEvent[];
  /** The `before` of the next page; null at the end. */
  readonly next: number | null;
}

export interface FilterSummary {
  readonly name: string;
  readonly versions: number;
  readonly pushedAt: string;
  readonly tags: Readonly<Record<string, string>>;
}

export interface ProofCase {
  readonly file: string;
  readonly name: string;
  readonly ok: boolean;
  readonly fuel: number;
  readonly failures: readonly string[];
}

export interface AdvisedImport {
  readonly name: string;
  /** What to do, or to know; null: it is served to every revision. */
  readonly advice?: string | null;
}

export interface Proof {
  readonly ok: boolean;
  readonly refusal: Problem | null;
  readonly inspection: {
    readonly abi: string;
    readonly callbacks: readonly string[];
    readonly language: string | null;
    readonly sizes: { readonly bytes: number };
    // Absent in proofs of versions that an older registry took.
    readonly sdk?: string | null;
    readonly imports?: readonly AdvisedImport[];
    readonly lastingChanges?: readonly string[];
  } | null;
  readonly configured: boolean;
  readonly requests: readonly ProofCase[];
  readonly fuelMax: number;
  readonly compileMs: number;
  readonly durationMs: number;
}

/** A JSON Schema as authors write it; only what the form can show is named. */
export interface ConfigSchema {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, ConfigSchema>>;
  readonly required?: readonly string[];
  readonly items?: ConfigSchema;
  readonly enum?: readonly unknown[];
}

export interface FilterVersion {
  readonly digest: string;
  readonly moduleDigest: string;
  readonly tags: readonly string[];
  readonly pushedAt: string;
  readonly pushedBy: string;
  readonly size: number;
  readonly proof: Proof;
  readonly filter: {
    readonly description?: string;
    readonly phase?: string;
    readonly config?: ConfigSchema;
    readonly exampleConfig?: unknown;
    readonly capabilities?: readonly string[];
  };
}

export interface Pushed {
  readonly filter: string;
  readonly version: string;
  readonly tag: string | null;
  readonly proof: Proof;
  readonly documentFrom: string;
}

export interface PushParts {
  readonly module: File;
  readonly filter: File | null;
  readonly sourceMap: File | null;
  readonly requests: readonly File[];
}

export interface Percentiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

/** What one revision did in one slot since the proxy started. */
export interface RevisionCounters {
  readonly slot: string;
  readonly filter: string;
  readonly version: string;
  readonly revision: string;
  /** True while the proxy's snapshot has it. */
  readonly current: boolean;
  /** Its share of the slot's streams, in percent; null when it is not current. */
  readonly weight: number | null;
  readonly noOpinion: number;
  readonly allowed: number;
  readonly denied: Readonly<Record<string, number>>;
  readonly errors: Readonly<Record<string, number>>;
  readonly fuelPerStream: Percentiles;
  readonly timeUs: Percentiles & { readonly count: number };
  readonly instances: number;
  readonly memoryBytes: number;
  readonly lastError: {
    readonly cause: string;
    readonly message: string;
    readonly at: string | null;
    readonly time: string;
  } | null;
}

/** Something that an operator did to one proxy, past the deployment. */
export interface Override {
  readonly slot: string;
  readonly kind: string;
  readonly revision: string | null;
  readonly until: string | null;
  readonly who: string;
  readonly when: string;
  readonly why: string | null;
}

/** What happened to an override, as the history has it. */
export interface OverrideEvent extends Override {
  readonly id: string;
  readonly act: "set" | "cleared" | "ended";
  readonly proxy: string;
  readonly deployment: { readonly name: string; readonly number: number };
}

/** A finished stream, as a tail shows it. */
export interface StreamRecord {
  readonly id: string;
  readonly time: string;
  readonly node: string;
  readonly deployment: number;
  readonly route: string | null;
  readonly cluster: string | null;
  readonly upstream: string | null;
  readonly source: string;
  readonly method: string;
  readonly authority: string;
  readonly path: string;
  readonly status: number;
  readonly durationUs: number;
  readonly slots: readonly SlotRecord[];
}

export interface SlotRecord {
  readonly slot: string;
  readonly filter: string;
  readonly version: string;
  readonly revision: string;
  readonly verdict: string;
  readonly code: string | null;
  readonly reason: string | null;
  readonly fuel: number;
  readonly durationUs: number | null;
  readonly dryRun: boolean;
  readonly error: { readonly cause: string; readonly message: string } | null;
}

export interface ProxyView {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly connected: boolean;
  readonly lastSeen: string;
  readonly deployment: string | null;
  readonly wanted: number | null;
  readonly conflict: readonly string[];
  readonly applied: number | null;
  readonly refused: {
    readonly number: number;
    readonly code: string;
    readonly message: string;
    readonly hint?: string;
  } | null;
  readonly ready: boolean;
  readonly notLoaded: readonly { readonly slot: string; readonly message: string }[];
  readonly overrides: readonly Override[];
  readonly counters: {
    readonly requests: number;
    readonly streams: number;
    readonly revisions: readonly RevisionCounters[];
    /** By slot: streams without the key that its split goes by. */
    readonly keyless: Readonly<Record<string, number>>;
  } | null;
}

export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  /** What was found when a refused version was tried. */
  readonly proof?: Proof;
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
  await call("POST", "/v1/session", json({ token }));
}

export const closeSession = (): Promise<unknown> => call("DELETE", "/v1/session");
export const fetchSession = (): Promise<Session> => call("GET", "/v1/session");
export const fetchFilters = (): Promise<{ filters: FilterSummary[] }> => call("GET", "/v1/filters");
export const fetchVersions = (filter: string): Promise<{ versions: FilterVersion[] }> =>
  call("GET", `${filterPath(filter)}/versions`);
export const fetchDeployments = (): Promise<{
  deployments: StoredDeployment[];
  revisions: Record<string, Record<string, string[]>>;
}> => call("GET", "/v1/deployments");
export const fetchDeployment = (name: string, number: number): Promise<StoredDeployment> =>
  call("GET", `${deploymentPath(name)}?number=${number}`);
export const fetchProxies = (): Promise<{ proxies: ProxyView[] }> => call("GET", "/v1/proxies");

/** Newest first; `before` is the number below which the page starts. */
export function fetchHistory(name: string, before: number | null): Promise<HistoryPage> {
  return call("GET", `${deploymentPath(name)}/history?limit=100${before === null ? "" : `&before=${before}`}`);
}

/** How a write is made: on top of which number, and whether only to see what it would do. */
export interface WriteOptions {
  readonly seen: number;
  readonly dryRun: boolean;
  readonly signal?: AbortSignal;
}

export function writeDeployment(draft: DeploymentDraft, options: WriteOptions): Promise<Written> {
  return call("PUT", deploymentPath(draft.name) + dryRunQuery(options), writeOf(draft, options));
}

export interface RollbackChange {
  readonly slot: string;
  readonly to?: number;
  readonly why?: string;
}

export function rollback(name: string, change: RollbackChange, options: WriteOptions): Promise<Written> {
  return call("POST", `${deploymentPath(name)}/rollback${dryRunQuery(options)}`, writeOf(change, options));
}

/** The registry tries the module before it answers: seconds, not milliseconds. */
export function pushVersion(filter: string, parts: PushParts, tag: string): Promise<Pushed> {
  const form = new FormData();
  form.append("module", parts.module, parts.module.name);
  if (parts.filter !== null) form.append("filter", parts.filter, "filter.yaml");
  if (parts.sourceMap !== null) form.append("sourceMap", parts.sourceMap, parts.sourceMap.name);
  for (const file of parts.requests) form.append("requests", file, file.name);
  const query = tag === "" ? "" : `?tag=${encodeURIComponent(tag)}`;
  return call("PUT", `${filterPath(filter)}/versions${query}`, { body: form });
}

interface Message {
  readonly body?: string | FormData;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

async function call<T>(method: string, path: string, { headers, ...message }: Message = {}): Promise<T> {
  const response = await fetch(path, {
    method,
    headers: { "x-sluice-console": "1", ...headers },
    credentials: "same-origin",
    ...message,
  });
  const text = await response.text();
  if (!response.ok) throw new ApiError(response.status, problemIn(text, response.status));
  return (text === "" ? {} : JSON.parse(text)) as T;
}

function json(value: unknown): Message {
  return { body: JSON.stringify(value), headers: { "content-type": "application/json" } };
}

function writeOf(value: unknown, { seen, signal }: WriteOptions): Message {
  const { body, headers } = json(value);
  return { body: body!, headers: { ...headers, "if-match": `"${seen}"` }, ...(signal === undefined ? {} : { signal }) };
}

const dryRunQuery = ({ dryRun }: WriteOptions): string => (dryRun ? "?dryRun=1" : "");
const filterPath = (name: string): string => `/v1/filters/${encodeURIComponent(name)}`;
const deploymentPath = (name: string): string => `/v1/deployments/${encodeURIComponent(name)}`;

function problemIn(text: string, status: number): Problem {
  try {
    return JSON.parse(text) as Problem;
  } catch {
    return { code: "", message: `the registry answered ${status}`, hint: "look at the registry's log" };
  }
}

/** What to show for anything that a call threw. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ApiError) return error.problem;
  return { code: "", message: "the registry does not answer", hint: "is it running? this page tries again by itself" };
}
