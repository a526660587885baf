// A proxy's standing connection to its registry: watches for deployments, fetches blobs, posts what it applied or
// refused. With the registry down everything here waits and tries again; nothing else of the proxy does.

import { valueProblems } from "@sluice/abi";
import type { Logger } from "pino";
import { DeploymentSchema, TailLeaseSchema, parseDeployment } from "../contract/index.ts";
import type { Deployment, Digest, ProxyStatus, TailLease } from "../contract/index.ts";
import { isDigest } from "../contract/index.ts";
import type { ServerSentEvent } from "../contract/index.ts";
import { STATUS_INTERVAL_MS, WATCH_RETRY_FIRST_MS, WATCH_RETRY_MAX_MS } from "./limits.ts";
import type { RegistryApi } from "./registry-api.ts";
import { Watch } from "./watch.ts";

export interface RegistryLinkOptions {
  readonly api: RegistryApi;
  readonly log: Logger;
  readonly backoff: new (firstMs: number, maxMs: number) => { next(): number; reset(): void };
  status(): ProxyStatus;
  /** The registry has taken this status in, and keeps what must be kept of it. */
  taken(status: ProxyStatus): void;
  deployment(deployment: Deployment): void;
  /** What splits are drawn with; it comes before the deployment. Throws when it is none. */
  secret(secret: unknown): void;
  /** A deployment came that cannot be read. */
  unreadable(number: number, error: unknown): void;
  prepare(digest: Digest): void;
  tail(lease: TailLease): void;
}

export class RegistryLink {
  private readonly options: RegistryLinkOptions;
  private readonly watch: Watch;
  private readonly timer: NodeJS.Timeout;
  private posted = "";
  private posting = false;

  constructor(options: RegistryLinkOptions) {
    this.options = options;
    const { api, log } = options;
    // Compiles the schema: 44 ms, which the first deployment would wait for.
    valueProblems(null, DeploymentSchema);
    this.watch = new Watch({
      open: (signal) => api.watch(signal),
      event: (event) => this.take(event),
      connected: () => {
        log.info("connected to the registry");
        this.posted = "";
        this.post();
      },
      lost: (error) => log.warn({ reason: error.message }, "the registry is away; the proxy goes on with what it has"),
      backoff: new options.backoff(WATCH_RETRY_FIRST_MS, WATCH_RETRY_MAX_MS),
    });
    this.timer = setInterval(() => this.post(), STATUS_INTERVAL_MS);
  }

  start(): void {
    void this.watch.run();
  }

  get isConnected(): boolean {
    return this.watch.isConnected;
  }

  /** Posts the status when it differs from what the registry has. Called at once on a change, else every second. */
  post(): void {
    if (!this.watch.isConnected || this.posting) return;
    const status = this.options.status();
    const text = JSON.stringify(status);
    if (text === this.posted) return;
    this.posting = true;
    this.options.api.postStatus(status).then(
      () => {
        this.options.taken(status);
        this.finish(text);
      },
      (error: unknown) => {
        this.options.log.debug({ err: error }, "status not posted");
        this.finish("");
      },
    );
  }

  close(): void {
    this.watch.close();
    clearInterval(this.timer);
  }

  private finish(posted: string): void {
    this.posting = false;
    this.posted = posted;
    // What changed while the post was under way must not wait for the next second; a failed post does.
    if (posted !== "") this.post();
  }

  private take({ event, data, id }: ServerSentEvent): void {
    try {
      if (event === "deployment")
        this.options.deployment(parseDeployment(data, "deployment from the registry", { syntax: "json" }));
      else if (event === "prepare") this.prepare(data);
      else if (event === "secret") this.options.secret((JSON.parse(data) as { secret?: unknown }).secret);
      else if (event === "tail") this.tail(data);
    } catch (error) {
      // A deployment's event has its number as id: who deployed it waits for an answer.
      if (event === "deployment" && /^\d{1,15}$/.test(id)) return this.options.unreadable(Number(id), error);
      this.options.log.error(
        { err: error },
        "the registry sent something that this proxy does not understand; what serves is kept",
      );
    }
  }

  private prepare(data: string): void {
    const { digest } = JSON.parse(data) as { digest?: unknown };
    if (typeof digest === "string" && isDigest(digest)) this.options.prepare(digest);
  }

  private tail(data: string): void {
    const lease: unknown = JSON.parse(data);
    const problems = valueProblems(lease, TailLeaseSchema);
    if (problems.length > 0) throw new TypeError(`a tail of the registry: ${problems.join("; ")}`);
    this.options.tail(lease as TailLease);
  }
}
