// The routes of sluice.yaml: schema, rules beyond it, and what a missing field means. A route matches, then either sends
// the request to clusters (rewritten, retried) or answers it itself (a redirect, a direct response).

import { DurationSchema, SizeSchema, durationMs, sizeBytes } from "@sluice/abi";
import type { Complain } from "@sluice/abi";
import { Type } from "typebox";
import type { Static } from "typebox";
import { normalisePath, PATH } from "../normalise/path.ts";
import { patternProblem, substitutionProblem } from "../routing/path-regex.ts";
import {
  DIRECT_BODY_CHARS_MAX,
  DIRECT_FILE_BYTES_MAX,
  FREE_TEXT_CHARS_MAX,
  HEADER_CHANGES_MAX,
  HEADER_VALUE_CHARS_MAX,
  PATH_CHARS_MAX,
  PATTERN_CHARS_MAX,
  RETRY_ATTEMPTS_MAX,
  RETRY_BODY_BYTES_DEFAULT,
  RETRY_BODY_BYTES_MAX,
  RETRY_BUDGET_PERCENT_DEFAULT,
  WEIGHTED_CLUSTERS_MAX,
} from "./limits.ts";
import { NameSchema } from "./names.ts";
import { headerNameProblem } from "./route-headers.ts";

const closed = { additionalProperties: false } as const;
const FreeText = Type.String({ maxLength: FREE_TEXT_CHARS_MAX });

const HOST = "[a-z0-9_]([a-z0-9._-]{0,251}[a-z0-9_])?|\\[[0-9a-f:.]+\\]";
const HostPattern = Type.String({
  pattern: `^(\\*|(\\*\\.)?${HOST})(:[0-9]{1,5})?$`,
  description: "a host in small letters, *.suffix or *, with a port only where it is not the default one",
});
const WholeHost = Type.String({ pattern: `^(${HOST})$`, description: "a host in small letters, without a port" });
const PathText = Type.String({
  pattern: "^/",
  maxLength: PATH_CHARS_MAX,
  description: `a path that starts with /, at most ${PATH_CHARS_MAX} characters`,
});
const Pattern = Type.String({
  minLength: 1,
  maxLength: PATTERN_CHARS_MAX,
  description: `an RE2 expression of at most ${PATTERN_CHARS_MAX} characters`,
});

const HEADER_NAME = "^[!#$%&'*+.^_`|~0-9a-z-]{1,128}$";
const HeaderName = Type.String({ pattern: HEADER_NAME, description: "a header name in small letters" });
const HeaderValue = Type.String({
  pattern: "^([!-~]([\\t -~]*[!-~])?)?$",
  maxLength: HEADER_VALUE_CHARS_MAX,
  description: `printable ASCII without spaces around it, at most ${HEADER_VALUE_CHARS_MAX} characters`,
});
const HeaderValues = Type.Record(Type.String(), HeaderValue, { maxProperties: HEADER_CHANGES_MAX });

const HeaderMatch = Type.Object(
  {
    name: HeaderName,
    exact: Type.Optional(FreeText),
    prefix: Type.Optional(FreeText),
    present: Type.Optional(Type.Boolean()),
  },
  closed,
);

const HeaderChanges = Type.Object(
  {
    set: Type.Optional(HeaderValues),
    add: Type.Optional(HeaderValues),
    remove: Type.Optional(Type.Array(HeaderName, { maxItems: HEADER_CHANGES_MAX })),
  },
  closed,
);

const RETRY_CAUSES = ["connectFailure", "reset", "timeout", "gatewayError", "5xx"] as const;
type RetryCause = (typeof RETRY_CAUSES)[number];

const Retry = Type.Object(
  {
    attempts: Type.Integer({ minimum: 1, maximum: RETRY_ATTEMPTS_MAX }),
    on: Type.Array(
      Type.Unsafe<RetryCause | number>({
        anyOf: [{ enum: RETRY_CAUSES }, { type: "integer", minimum: 400, maximum: 599 }],
        description: `${RETRY_CAUSES.join(", ")} or a status from 400 to 599`,
      }),
      { minItems: 1, maxItems: 32 },
    ),
    methods: Type.Optional(Type.Enum(["idempotent", "any"])),
    perTryTimeout: Type.Optional(DurationSchema),
    bodyBytes: Type.Optional(SizeSchema),
    budgetPercent: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
  },
  closed,
);

const Redirect = Type.Object(
  {
    status: Type.Optional(Type.Unsafe<301 | 302 | 303 | 307 | 308>({ enum: [301, 302, 303, 307, 308] })),
    scheme: Type.Optional(Type.Enum(["http", "https"])),
    host: Type.Optional(WholeHost),
    port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })),
    path: Type.Optional(PathText),
    prefix: Type.Optional(PathText),
  },
  closed,
);

const Direct = Type.Object(
  {
    status: Type.Integer({ minimum: 200, maximum: 599 }),
    body: Type.Optional(Type.String({ maxLength: DIRECT_BODY_CHARS_MAX })),
    file: Type.Optional(Type.String({ minLength: 1, maxLength: FREE_TEXT_CHARS_MAX })),
    headers: Type.Optional(HeaderValues),
  },
  closed,
);

export const RouteSchema = Type.Object(
  {
    name: NameSchema,
    match: Type.Optional(
      Type.Object(
        {
          hosts: Type.Optional(Type.Array(HostPattern, { minItems: 1, maxItems: 256 })),
          path: Type.Optional(
            Type.Object(
              {
                exact: Type.Optional(PathText),
                prefix: Type.Optional(PathText),
                regex: Type.Optional(Pattern),
              },
              closed,
            ),
          ),
          methods: Type.Optional(
            Type.Array(Type.String({ pattern: "^[A-Z][A-Z-]{0,31}$", description: "a method in capitals" }), {
              maxItems: 32,
            }),
          ),
          headers: Type.Optional(Type.Array(HeaderMatch, { maxItems: 32 })),
        },
        closed,
      ),
    ),
    cluster: Type.Optional(NameSchema),
    clusters: Type.Optional(
      Type.Array(Type.Object({ name: NameSchema, weight: Type.Integer({ minimum: 0, maximum: 100 }) }, closed), {
        minItems: 1,
        maxItems: WEIGHTED_CLUSTERS_MAX,
      }),
    ),
    redirect: Type.Optional(Redirect),
    direct: Type.Optional(Direct),
    rewrite: Type.Optional(
      Type.Object(
        {
          prefix: Type.Optional(PathText),
          regex: Type.Optional(Pattern),
          substitution: Type.Optional(Type.String({ maxLength: PATH_CHARS_MAX })),
        },
        closed,
      ),
    ),
    retry: Type.Optional(Retry),
    requestHeaders: Type.Optional(HeaderChanges),
    responseHeaders: Type.Optional(HeaderChanges),
    timeout: Type.Optional(DurationSchema),
    upgrade: Type.Optional(Type.Array(Type.Enum(["websocket"]), { maxItems: 1 })),
  },
  closed,
);

type RouteDocument = Static<typeof RouteSchema>;
type HeaderField = readonly [name: string, value: string];

export interface RouteConfig {
  readonly name: string;
  /** `*`, `*.suffix` or a whole name. */
  readonly hosts: readonly string[];
  readonly path: PathMatchConfig;
  /** Empty: every method. */
  readonly methods: readonly string[];
  readonly headers: readonly HeaderMatchConfig[];
  /** Where requests go, with weights that sum to 100; empty: the route answers itself. */
  readonly clusters: readonly WeightedClusterConfig[];
  /** What the route answers itself; null: it asks a cluster. */
  readonly answer: RedirectConfig | DirectConfig | null;
  readonly rewrite: RewriteConfig | null;
  readonly retry: RetryConfig | null;
  readonly requestHeaders: HeaderChangesConfig | null;
  readonly responseHeaders: HeaderChangesConfig | null;
  readonly timeoutMs: number;
  /** What requests may go on as, on their connection. */
  readonly upgrade: readonly "websocket"[];
}

/** `regex` must match the whole path; no way of matching sees the query. */
export type PathMatchConfig = { readonly exact: string } | { readonly prefix: string } | { readonly regex: string };

export interface HeaderMatchConfig {
  readonly name: string;
  readonly kind: "exact" | "prefix" | "present" | "absent";
  readonly value: string;
}

export interface WeightedClusterConfig {
  readonly name: string;
  readonly weight: number;
}

/** What of the path becomes what: the matched part `prefix`, or every match of `regex` the substitution. */
export type RewriteConfig =
  | { readonly kind: "prefix"; readonly prefix: string }
  | { readonly kind: "regex"; readonly regex: string; readonly substitution: string };

export interface RetryConfig {
  /** How often a request may be sent again. */
  readonly attempts: number;
  readonly onConnectFailure: boolean;
  readonly onReset: boolean;
  readonly onTimeout: boolean;
  readonly onStatuses: readonly number[];
  /** Requests of every method are sent again, not only those whose repetition changes nothing more. */
  readonly anyMethod: boolean;
  /** Until a try's response head; 0: no bound but the route's. */
  readonly perTryTimeoutMs: number;
  /** Of a request's content kept to be sent again. */
  readonly bodyBytesMax: number;
  /** At most so many per cent of the live requests to a cluster may be retries, on each worker. */
  readonly budgetPercent: number;
}

export interface RedirectConfig {
  readonly kind: "redirect";
  readonly status: number;
  readonly scheme: "http" | "https" | null;
  readonly host: string | null;
  readonly port: number | null;
  readonly path: string | null;
  /** In place of the matched part of the path. */
  readonly prefix: string | null;
}

export interface DirectConfig {
  readonly kind: "direct";
  readonly status: number;
  readonly body: Uint8Array;
  readonly headers: readonly HeaderField[];
}

/** Done in this order: remove, set, add. */
export interface HeaderChangesConfig {
  readonly remove: readonly string[];
  readonly set: readonly HeaderField[];
  readonly add: readonly HeaderField[];
}

/** Where files come from that a document names: their bytes, or an Error that says why not. */
export type ReadFile = (path: string) => Uint8Array;

/** Rules that the schema cannot say, for the route at `index`. `clusters` are the names there are. */
export function checkRoute(route: RouteDocument, index: number, clusters: readonly string[], complain: Complain): void {
  const at = (what: string, path: readonly (string | number)[], allowed?: string, on?: "key" | "value"): void =>
    complain(["routes", index, ...path], what, allowed, on);
  checkMatch(route, at);
  checkTarget(route, clusters, at);
  checkRewrite(route, at);
  checkRetry(route, at);
  checkRedirect(route, at);
  checkDirect(route, at);
  checkHeaders(route.requestHeaders, "requestHeaders", at);
  checkHeaders(route.responseHeaders, "responseHeaders", at);
}

type At = (what: string, path: readonly (string | number)[], allowed?: string, on?: "key" | "value") => void;

function checkMatch({ match }: RouteDocument, at: At): void {
  const path = match?.path;
  if (path !== undefined && countOf(path.exact, path.prefix, path.regex) !== 1)
    at("a path is matched in one way", ["match", "path"], "one of exact, prefix, regex");
  checkPattern(path?.regex, ["match", "path", "regex"], at);
  match?.headers?.forEach((header, place) => {
    const ways = countOf(header.exact, header.prefix, header.present);
    if (ways !== 1)
      at(
        `header ${header.name} is matched in ${ways} ways`,
        ["match", "headers", place],
        "one of exact, prefix, present",
      );
  });
}

function checkPattern(pattern: string | undefined, path: readonly string[], at: At): void {
  const problem = pattern === undefined ? null : patternProblem(pattern);
  if (problem !== null) at(problem, path, "an RE2 expression");
}

function checkTarget(route: RouteDocument, clusters: readonly string[], at: At): void {
  const ways = countOf(route.cluster, route.clusters, route.redirect, route.direct);
  if (ways !== 1)
    at(`route ${route.name} says ${ways} times where it leads`, [], "one of cluster, clusters, redirect, direct");
  if (route.cluster !== undefined) checkCluster(route.cluster, clusters, ["cluster"], at);
  route.clusters?.forEach(({ name }, place) => {
    checkCluster(name, clusters, ["clusters", place, "name"], at);
    if (route.clusters!.findIndex((other) => other.name === name) !== place)
      at(`cluster "${name}" is listed twice`, ["clusters", place, "name"], "each cluster once");
  });
  const sum = route.clusters?.reduce((total, { weight }) => total + weight, 0) ?? 100;
  if (sum !== 100) at(`the weights sum to ${sum}`, ["clusters"], "weights that sum to 100");
  if (route.redirect === undefined && route.direct === undefined) return;
  for (const key of ["rewrite", "retry", "requestHeaders", "timeout", "upgrade"] as const) {
    if (route[key] !== undefined)
      at(`a route that answers itself has no ${key}`, [key], "no such key beside redirect and direct", "key");
  }
}

function checkCluster(name: string, clusters: readonly string[], path: readonly (string | number)[], at: At): void {
  if (!clusters.includes(name))
    at(`there is no cluster "${name}"`, path, clusters.join(", ") || "a cluster listed under clusters");
}

function checkRewrite({ rewrite, match }: RouteDocument, at: At): void {
  if (rewrite === undefined) return;
  if (countOf(rewrite.prefix, rewrite.regex) !== 1)
    at("a path is rewritten in one way", ["rewrite"], "prefix or regex");
  if ((rewrite.regex === undefined) !== (rewrite.substitution === undefined))
    at("regex and substitution belong together", ["rewrite"], "both of them");
  if (rewrite.prefix !== undefined) checkReplacedPrefix(rewrite.prefix, match?.path?.regex, ["rewrite"], at);
  checkPattern(rewrite.regex, ["rewrite", "regex"], at);
  if (rewrite.regex === undefined || rewrite.substitution === undefined || patternProblem(rewrite.regex) !== null)
    return;
  const problem = substitutionProblem(rewrite.regex, rewrite.substitution);
  if (problem !== null) at(problem, ["rewrite", "substitution"], "text with \\0 to \\9 for groups and \\\\ for \\");
}

function checkReplacedPrefix(prefix: string, regex: string | undefined, under: readonly string[], at: At): void {
  if (regex !== undefined)
    at("a path that a regex matches has no matched prefix", [...under, "prefix"], "match.path exact or prefix", "key");
  checkPlainPath(prefix, [...under, "prefix"], at);
}

/** What goes into a path must be as a normalised path is, and leave the query alone. */
function checkPlainPath(path: string, where: readonly string[], at: At): void {
  const bytes = Buffer.from(path, "utf8");
  const isPlain =
    !path.includes("?") && normalisePath(bytes, 0, bytes.length, new Uint8Array(bytes.length)) === PATH.unchanged;
  if (!isPlain) at(`"${path}" is not a normalised path`, where, "no //, dot segments, query, or odd percent-codes");
}

function checkRetry({ retry, timeout }: RouteDocument, at: At): void {
  if (retry === undefined) return;
  if (retry.on.includes("timeout") && retry.perTryTimeout === undefined)
    at("there is no try's time to run out", ["retry", "on", retry.on.indexOf("timeout")], "perTryTimeout beside it");
  const timeoutMs = durationMs(timeout ?? ROUTE_TIMEOUT);
  if (retry.perTryTimeout !== undefined && timeoutMs > 0 && durationMs(retry.perTryTimeout) >= timeoutMs)
    at(
      "a try may take as long as all tries together",
      ["retry", "perTryTimeout"],
      `less than the route's timeout of ${timeout ?? ROUTE_TIMEOUT}`,
    );
  if (retry.bodyBytes !== undefined && sizeBytes(retry.bodyBytes) > RETRY_BODY_BYTES_MAX)
    at(`"bodyBytes" is ${retry.bodyBytes}`, ["retry", "bodyBytes"], "at most 1MiB");
}

function checkRedirect({ redirect, match }: RouteDocument, at: At): void {
  if (redirect === undefined) return;
  const { scheme, host, port, path, prefix } = redirect;
  if (countOf(scheme, host, port, path, prefix) === 0)
    at("the redirect leads to where the request was", ["redirect"], "one of scheme, host, port, path, prefix");
  if (path !== undefined && prefix !== undefined)
    at("a redirect changes the path in one way", ["redirect"], "path or prefix");
  if (path !== undefined) checkPlainPath(path, ["redirect", "path"], at);
  if (prefix !== undefined) checkReplacedPrefix(prefix, match?.path?.regex, ["redirect"], at);
}

function checkDirect({ direct }: RouteDocument, at: At): void {
  if (direct === undefined) return;
  const { status, body, file, headers = {} } = direct;
  if (body !== undefined && file !== undefined) at("a body is said in one way", ["direct"], "body or file");
  if ((status === 204 || status === 304) && (file !== undefined || (body ?? "") !== ""))
    at(`a response with status ${status} has no body`, ["direct", "status"], "another status, or no body");
  checkHeaderNames(Object.keys(headers), ["direct", "headers"], at);
}

function checkHeaders(changes: Static<typeof HeaderChanges> | undefined, under: string, at: At): void {
  if (changes === undefined) return;
  checkHeaderNames(Object.keys(changes.set ?? {}), [under, "set"], at);
  checkHeaderNames(Object.keys(changes.add ?? {}), [under, "add"], at);
  changes.remove?.forEach((name, place) => {
    const problem = headerNameProblem(name);
    if (problem !== null) at(problem, [under, "remove", place], HEADERS_ALLOWED);
  });
}

const HEADER_NAME_SHAPE = new RegExp(HEADER_NAME);
const HEADERS_ALLOWED = "fields that only the two ends care for";

function checkHeaderNames(names: readonly string[], path: readonly string[], at: At): void {
  for (const name of names) {
    const isShaped = HEADER_NAME_SHAPE.test(name);
    const problem = isShaped ? headerNameProblem(name) : `"${name}" is no header name`;
    if (problem !== null)
      at(problem, [...path, name], isShaped ? HEADERS_ALLOWED : "a header name in small letters", "key");
  }
}

function countOf(...values: readonly unknown[]): number {
  return values.filter((value) => value !== undefined).length;
}

const ROUTE_TIMEOUT = "15s";

/** Complains of a file that cannot be had, else returns its bytes; null where no file is named. */
export function directFile(
  { direct }: RouteDocument,
  index: number,
  readFile: ReadFile,
  complain: Complain,
): Uint8Array | null {
  if (direct?.file === undefined) return null;
  const path = ["routes", index, "direct", "file"];
  try {
    const bytes = readFile(direct.file);
    if (bytes.length <= DIRECT_FILE_BYTES_MAX) return bytes;
    complain(path, `"${direct.file}" has ${bytes.length} bytes`, `a file of at most ${DIRECT_FILE_BYTES_MAX} bytes`);
  } catch (error) {
    complain(
      path,
      (error as Error).message.replace(/\.$/, ""),
      "a file that can be read, relative to the document's folder",
    );
  }
  return null;
}

/** The route with what a missing field means; `file` is what its direct response is read from. */
export function settleRoute(route: RouteDocument, file: Uint8Array | null): RouteConfig {
  const { hosts = ["*"], path, methods = [], headers = [] } = route.match ?? {};
  return {
    name: route.name,
    hosts,
    path: settlePath(path ?? {}),
    methods,
    headers: headers.map((header): HeaderMatchConfig => {
      if (header.exact !== undefined) return { name: header.name, kind: "exact", value: header.exact };
      if (header.prefix !== undefined) return { name: header.name, kind: "prefix", value: header.prefix };
      return { name: header.name, kind: header.present === true ? "present" : "absent", value: "" };
    }),
    clusters: route.clusters ?? (route.cluster === undefined ? [] : [{ name: route.cluster, weight: 100 }]),
    answer: settleAnswer(route, file),
    rewrite: settleRewrite(route.rewrite),
    retry: route.retry === undefined ? null : settleRetry(route.retry),
    requestHeaders: settleHeaders(route.requestHeaders),
    responseHeaders: settleHeaders(route.responseHeaders),
    timeoutMs: durationMs(route.timeout ?? ROUTE_TIMEOUT),
    upgrade: route.upgrade ?? [],
  };
}

function settlePath(path: { exact?: string; prefix?: string; regex?: string }): PathMatchConfig {
  if (path.exact !== undefined) return { exact: path.exact };
  return path.regex === undefined ? { prefix: path.prefix ?? "/" } : { regex: path.regex };
}

function settleAnswer(
  { redirect, direct }: RouteDocument,
  bytes: Uint8Array | null,
): RedirectConfig | DirectConfig | null {
  if (redirect !== undefined) {
    const { status = 301, scheme = null, host = null, port = null, path = null, prefix = null } = redirect;
    return { kind: "redirect", status, scheme, host, port, path, prefix };
  }
  if (direct === undefined) return null;
  const { status, body = "", headers = {} } = direct;
  // A copy of its own: a Buffer may be a view of a pool, which would be sent to workers whole.
  const content = bytes === null ? new TextEncoder().encode(body) : Uint8Array.from(bytes);
  return { kind: "direct", status, body: content, headers: Object.entries(headers) };
}

function settleRewrite(rewrite: RouteDocument["rewrite"]): RewriteConfig | null {
  if (rewrite === undefined) return null;
  if (rewrite.prefix !== undefined) return { kind: "prefix", prefix: rewrite.prefix };
  return { kind: "regex", regex: rewrite.regex!, substitution: rewrite.substitution! };
}

function settleRetry(retry: Static<typeof Retry>): RetryConfig {
  const { attempts, on, methods, perTryTimeout, bodyBytes, budgetPercent = RETRY_BUDGET_PERCENT_DEFAULT } = retry;
  return {
    attempts,
    onConnectFailure: on.includes("connectFailure"),
    onReset: on.includes("reset"),
    onTimeout: on.includes("timeout"),
    onStatuses: [...new Set(on.flatMap(statusesOf))],
    anyMethod: methods === "any",
    perTryTimeoutMs: perTryTimeout === undefined ? 0 : durationMs(perTryTimeout),
    bodyBytesMax: bodyBytes === undefined ? RETRY_BODY_BYTES_DEFAULT : sizeBytes(bodyBytes),
    budgetPercent,
  };
}

function statusesOf(cause: RetryCause | number): number[] {
  if (typeof cause === "number") return [cause];
  if (cause === "gatewayError") return [502, 503, 504];
  return cause === "5xx" ? Array.from({ length: 100 }, (_, i) => 500 + i) : [];
}

function settleHeaders(changes: Static<typeof HeaderChanges> | undefined): HeaderChangesConfig | null {
  if (changes === undefined) return null;
  const { remove = [], set = {}, add = {} } = changes;
  return { remove, set: Object.entries(set), add: Object.entries(add) };
}
