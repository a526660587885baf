// What a route does besides matching and sending, compiled from its configuration; null for a plain route.

import type { RetryConfig, RouteConfig } from "../contract/index.ts";
import type { Cluster, HeadChange, RequestChange, RetryPolicy, RouteAnswer, RouteExtras } from "../snapshot/runtime.ts";
import { WeightedClusters } from "./clusters.ts";
import { HeaderChanges } from "./header-changes.ts";
import { PathSubstitution } from "./path-regex.ts";
import { PrefixRewrite, RegexRewrite, type PathRewrite } from "./path-rewrite.ts";
import { UpstreamHead } from "./request-change.ts";
import { DirectAnswer, RedirectAnswer } from "./route-answer.ts";

export function compileExtras(route: RouteConfig, cluster: (name: string) => Cluster): RouteExtras | null {
  const response = route.responseHeaders === null ? null : new HeaderChanges(route.responseHeaders);
  const extras = {
    clusters: route.clusters.length > 1 ? new WeightedClusters(route.clusters, cluster) : null,
    answer: answerOf(route, response),
    request: requestChangeOf(route),
    response,
    retry: route.retry === null ? null : retryPolicyOf(route.retry),
    upgrade: route.upgrade.includes("websocket"),
  };
  return Object.values(extras).every((extra) => extra === null || extra === false) ? null : extras;
}

function answerOf(route: RouteConfig, change: HeadChange | null): RouteAnswer | null {
  const { answer } = route;
  if (answer === null) return null;
  if (answer.kind === "direct") return new DirectAnswer(answer, change);
  return new RedirectAnswer(answer, redirectPath(route, answer.path, answer.prefix), change);
}

function redirectPath(route: RouteConfig, path: string | null, prefix: string | null): PathRewrite {
  if (path !== null) return new PrefixRewrite(path, null);
  return prefix === null ? new PrefixRewrite("", 0) : new PrefixRewrite(prefix, matchedBytes(route));
}

function requestChangeOf(route: RouteConfig): RequestChange | null {
  if (route.rewrite === null && route.requestHeaders === null) return null;
  const headers = route.requestHeaders === null ? null : new HeaderChanges(route.requestHeaders);
  return new UpstreamHead(route.rewrite === null ? null : rewriteOf(route, route.rewrite), headers);
}

function rewriteOf(route: RouteConfig, rewrite: NonNullable<RouteConfig["rewrite"]>): PathRewrite {
  if (rewrite.kind === "prefix") return new PrefixRewrite(rewrite.prefix, matchedBytes(route));
  return new RegexRewrite(new PathSubstitution(rewrite.regex, rewrite.substitution));
}

/** Of the path, those that the route's match has looked at; null: all. */
function matchedBytes({ path }: RouteConfig): number | null {
  return "prefix" in path ? Buffer.byteLength(path.prefix) : null;
}

function retryPolicyOf(retry: RetryConfig): RetryPolicy {
  const onStatus = new Uint8Array(600);
  for (const status of retry.onStatuses) onStatus[status] = 1;
  return { ...retry, onStatus, budget: retry.budgetPercent / 100 };
}
