// Checks one endpoint again and again: a GET on a connection of its own, so that it finds what a new client would find.

import { request } from "node:http";
import type { HealthCheckConfig } from "../contract/index.ts";
import { jittered } from "./jitter.ts";
import { FIRST_CHECK_MS_MAX } from "./limits.ts";

export interface ProbedEndpoint {
  readonly host: string;
  readonly port: number;
  /** What the request says as its host, unless the check says otherwise. */
  readonly authority: string;
}

export class HealthProbe {
  private readonly endpoint: ProbedEndpoint;
  private readonly check: HealthCheckConfig;
  private readonly result: (why: string | null) => void;
  private timer: NodeJS.Timeout | null = null;
  private isStopped = false;

  /** `result` is told of every check: null for one that passed. */
  constructor(endpoint: ProbedEndpoint, check: HealthCheckConfig, result: (why: string | null) => void) {
    this.endpoint = endpoint;
    this.check = check;
    this.result = result;
  }

  start(): void {
    this.checkIn(Math.random() * Math.min(this.check.intervalMs, FIRST_CHECK_MS_MAX));
  }

  stop(): void {
    this.isStopped = true;
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private checkIn(ms: number): void {
    this.timer = setTimeout(() => void this.checkNow(), ms).unref();
  }

  private async checkNow(): Promise<void> {
    const why = await probe(this.endpoint, this.check);
    if (this.isStopped) return;
    this.checkIn(jittered(this.check.intervalMs, Math.random()));
    this.result(why);
  }
}

/** Null when the endpoint answered as it should; else why not. */
export function probe({ host, port, authority }: ProbedEndpoint, check: HealthCheckConfig): Promise<string | null> {
  const { path, timeoutMs } = check;
  const headers = { host: check.host ?? authority, "user-agent": "sluice-health-check", connection: "close" };
  return new Promise((resolve) => {
    const asked = request({ host, port, path, headers, agent: false });
    const bound = setTimeout(() => {
      resolve(`no answer within ${timeoutMs} ms`);
      asked.destroy();
    }, timeoutMs);
    asked.on("response", (response) => {
      resolve(isExpected(response.statusCode!, check.statuses) ? null : `it answered ${response.statusCode}`);
      // What stands behind the head is nobody's business, and may be long.
      asked.destroy();
    });
    asked.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    asked.on("close", () => clearTimeout(bound));
    asked.end();
  });
}

function isExpected(status: number, statuses: readonly number[]): boolean {
  return statuses.length === 0 ? status >= 200 && status <= 299 : statuses.includes(status);
}
