// The examples of a filter's README: a configuration in a yaml block, then lines of a text block that say what becomes of
// requests under it. They are run as written, in their order, by one filter each.
//
//   GET http://a.test/x from 192.0.2.1, x-role: admin → denied admins-only; client x-hint: why

import type { LoadOptions, TestRequest, TestResult } from "@sluice/sdk-filter/harness";
import { expect } from "vitest";
import { parse } from "yaml";

type Quotas = NonNullable<LoadOptions["quotas"]>;

export interface Example {
  readonly config: unknown;
  /** Of the last yaml block above that has nothing but `quotas`. */
  readonly quotas: Quotas;
  readonly lines: readonly string[];
}

export function examplesOf(readme: string): Example[] {
  const examples: Example[] = [];
  let quotas: Quotas = [];
  for (const [, yaml, lines] of readme.matchAll(/```yaml\n([^`]*)```(?:\n\n```text\n([^`]*)```)?/g)) {
    const config = parse(yaml!) as { quotas?: WrittenQuota[] };
    if (Object.keys(config).join() === "quotas") quotas = config.quotas!.map(quotaOf);
    else examples.push({ config, quotas, lines: lines?.trim().split("\n") ?? [] });
  }
  return examples;
}

/** As a deployment has it. */
interface WrittenQuota {
  readonly name: string;
  readonly rate: string;
  readonly burst?: number;
}

function quotaOf({ name, rate, burst }: WrittenQuota): Quotas[number] {
  const [count, unit] = rate.split("/");
  const perMs = { s: 1000, m: 60_000, h: 3_600_000 }[unit!]!;
  return { name, windows: [{ count: Number(count), perMs, burst: burst ?? Number(count) }] };
}

/** The request and the outcomes of a line. */
export function readLine(line: string): { readonly request: TestRequest; readonly outcomes: readonly string[] } {
  const [request, outcomes] = line.split("→").map((part) => part.trim());
  return { request: requestOf(request!), outcomes: outcomes!.split("; ") };
}

/** `GET http://a.test/x from 192.0.2.1, x-role: admin`: host, source and headers may be left out. */
function requestOf(text: string): TestRequest {
  const [line, ...headers] = text.split(", ");
  const [, method, authority, path, address] = /^(\S+) (?:http:\/\/([^/]+))?(\S+)(?: from (\S+))?$/.exec(line!)!;
  return {
    method: method!,
    path: path!,
    headers: headers.map((header) => header.split(": ") as [string, string]),
    ...(authority === undefined ? {} : { authority }),
    ...(address === undefined ? {} : { source: `${address}:40000` }),
  };
}

/** Fails unless `outcome` is what came: `allowed`, `denied WHY`, `503`, `upstream NAME: VALUE`, `client no NAME`, `held 200ms`, `mirrored to CLUSTER, CLUSTER`. */
export function expectOutcome(result: TestResult, outcome: string): void {
  const { verdict, response, forwarded, heldMs, mirrors } = result;
  const [, side, absent, name, value] = /^(upstream|client) (?:no (\S+)|([^:]+): (.*))$/.exec(outcome) ?? [];
  if (side !== undefined) {
    const message = side === "upstream" ? forwarded : response;
    expect(message?.header(absent ?? name!) ?? null, outcome).toBe(absent === undefined ? value : null);
  } else if (/^\d+$/.test(outcome)) expect(response?.status).toBe(Number(outcome));
  else if (outcome.startsWith("held ")) expect(`held ${heldMs}ms`).toBe(outcome);
  else if (outcome.startsWith("mirrored to ")) {
    const clusters = mirrors.map(({ cluster }) => cluster).join(", ");
    expect(`mirrored to ${clusters === "" ? "nobody" : clusters}`).toBe(outcome);
  } else expect(verdict.kind === "deny" ? `denied ${verdict.reason}` : "allowed").toBe(outcome);
}
