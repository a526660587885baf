// Runs wrk (Debian package wrk) against an address and reads what it prints.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const REPORT = join(import.meta.dirname, "wrk-report.lua");

export interface LoadResult {
  readonly requestsPerSecond: number;
  readonly requests: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** Null under a script of one's own. */
  readonly p999Us: number | null;
  readonly maxUs: number;
  /** Answers outside 2xx and 3xx, and socket errors: a round with any of them counts for nothing. */
  readonly failures: number;
}

export async function runWrk(options: {
  wrk: string;
  url: string;
  connections: number;
  seconds: number;
  /** One thread each. */
  cores: readonly number[];
  headers?: readonly string[];
  /** POSTs with a body of so many bytes; GETs without. */
  postBytes?: number;
  /** A file in Lua that makes the requests. */
  script?: string;
}): Promise<LoadResult> {
  const { wrk, url, connections, seconds, cores, headers = [], postBytes, script = REPORT } = options;
  const { stdout } = await promisify(execFile)("taskset", [
    "-c",
    cores.join(","),
    wrk,
    `-t${Math.min(cores.length, connections)}`,
    `-c${connections}`,
    `-d${seconds}s`,
    "--latency",
    ...headers.flatMap((header) => ["-H", header]),
    "-s",
    script,
    url,
    ...(postBytes === undefined ? [] : ["--", String(postBytes)]),
  ]);
  return parseWrk(stdout);
}

export function parseWrk(output: string): LoadResult {
  const socketErrors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(output);
  const failures = [...(socketErrors?.slice(1) ?? []), /Non-2xx or 3xx responses: (\d+)/.exec(output)?.[1] ?? "0"];
  const tail = /^\s+99\.9%\s+(\S+)/m.exec(output)?.[1];
  return {
    requestsPerSecond: Number(captured(output, /Requests\/sec:\s+([\d.]+)/)),
    requests: Number(captured(output, /(\d+) requests in/)),
    p50Us: microseconds(captured(output, /^\s+50%\s+(\S+)/m)),
    p99Us: microseconds(captured(output, /^\s+99%\s+(\S+)/m)),
    p999Us: tail === undefined ? null : microseconds(tail),
    maxUs: microseconds(captured(output, /^\s+Latency\s+\S+\s+\S+\s+(\S+)/m)),
    failures: failures.reduce((sum, count) => sum + Number(count), 0),
  };
}

function captured(output: string, pattern: RegExp): string {
  const value = pattern.exec(output)?.[1];
  if (value === undefined) throw new Error(`wrk printed no ${pattern.source}:\n${output}`);
  return value;
}

function microseconds(text: string): number {
  const units: Record<string, number> = { us: 1, ms: 1_000, s: 1_000_000 };
  const [, amount, unit] = /^([\d.]+)(us|ms|s)$/.exec(text) ?? [];
  return Math.round(Number(amount) * (units[unit ?? ""] ?? NaN));
}
