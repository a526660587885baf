// request.yaml: requests with what is expected of them. One format for samples, `sluice test`, the proof's smoke run,
// `explain` and pinned fixtures.

import { Type } from "typebox";
import type { Static } from "typebox";
import { readDocument } from "../documents/index.ts";
import type { Complain } from "../documents/index.ts";
import { QuotasSchema, checkQuotas, unservedQuota } from "../quota/quota-document.ts";
import { EnvironmentSchema } from "./environment-schema.ts";
import { FieldExpectations, Fields, Name, Status, closed } from "./message-schemas.ts";
import { CalloutExpectationSchema, CalloutSchema, checkCallout } from "./callout-document.ts";
import { CALLOUTS_MAX, CASES_MAX, CHUNKS_MAX } from "./limits.ts";

const Chunks = Type.Array(Type.String(), { maxItems: CHUNKS_MAX });

const MessageResponse = Type.Object(
  {
    status: Type.Optional(Status),
    headers: Type.Optional(Fields),
    chunks: Type.Optional(Chunks),
    trailers: Type.Optional(Fields),
  },
  closed,
);

const MirrorExpectation = Type.Object(
  {
    cluster: Name,
    keepCredentials: Type.Optional(Type.Boolean()),
    compare: Type.Optional(Type.Boolean()),
    withoutBody: Type.Optional(Type.Boolean()),
  },
  closed,
);

const Expectations = Type.Object(
  {
    verdict: Type.Optional(
      Type.Object(
        {
          kind: Type.Optional(Type.Enum(["noOpinion", "allow", "deny", "error"])),
          code: Type.Optional(Name),
          reason: Type.Optional(Type.Union([Name, Type.Null()])),
        },
        closed,
      ),
    ),
    /** Of the response the client gets. */
    status: Type.Optional(Status),
    /** Exactly what checks looked at, in any order. */
    reads: Type.Optional(Type.Array(Name)),
    /** Of the request as the upstream gets it. */
    requestHeaders: Type.Optional(FieldExpectations),
    /** Of the response as the client gets it. */
    responseHeaders: Type.Optional(FieldExpectations),
    /** One entry a line, in order; a line must contain its entry. [] is silence. */
    logs: Type.Optional(Type.Array(Type.String())),
    /** Exactly the copies that go to mirrors, in order; of each what is said here. [] is none. */
    mirrors: Type.Optional(Type.Array(MirrorExpectation)),
    /** Exactly what the filter asked of clusters, in order; of each what is said here. [] is nothing. */
    callouts: Type.Optional(Type.Array(CalloutExpectationSchema, { maxItems: CALLOUTS_MAX })),
    fuelMax: Type.Optional(Type.Integer({ minimum: 0 })),
  },
  closed,
);

const Case = Type.Object(
  {
    name: Name,
    now: Type.Optional(Type.String({ description: "a time as 2026-01-01T00:00:00Z" })),
    source: Type.Optional(
      Type.String({ pattern: "^.+:[0-9]{1,5}$", description: "the client's address and port, 198.51.100.7:40000" }),
    ),
    request: Type.Object(
      {
        method: Type.Optional(Name),
        path: Type.Optional(Name),
        authority: Type.Optional(Name),
        scheme: Type.Optional(Name),
        headers: Type.Optional(Fields),
        chunks: Type.Optional(Chunks),
        trailers: Type.Optional(Fields),
      },
      closed,
    ),
    callouts: Type.Optional(Type.Array(CalloutSchema, { maxItems: CALLOUTS_MAX })),
    response: Type.Optional(MessageResponse),
    expect: Type.Optional(Expectations),
  },
  closed,
);

/** `request.yaml`. */
export const RequestsDocumentSchema = Type.Object(
  {
    apiVersion: Type.Literal("sluice/v1"),
    kind: Type.Literal("Requests"),
    pluginConfig: Type.Optional(Type.Unknown()),
    environment: Type.Optional(EnvironmentSchema),
    /** As a deployment's: each case starts with all of them unused. */
    quotas: Type.Optional(QuotasSchema),
    cases: Type.Array(Case, { minItems: 1, maxItems: CASES_MAX }),
  },
  closed,
);

/** `request.yaml`, read and checked. */
export type RequestsDocument = Static<typeof RequestsDocumentSchema>;
/** One request, and what shall become of it. */
export type RequestCase = Static<typeof Case>;
/** What a case expects; only what is named is compared. */
export type CaseExpectations = Static<typeof Expectations>;

/** Reads request.yaml. Throws `DocumentError` (SLUICE-E1001). */
export function parseRequests(text: string, file = "request.yaml"): RequestsDocument {
  return readDocument(text, { file, schema: RequestsDocumentSchema, check: checkCases });
}

function checkCases({ cases, quotas = [] }: RequestsDocument, complain: Complain): void {
  checkQuotas(quotas, ["quotas"], complain);
  quotas.forEach((quota, at) => {
    const unserved = unservedQuota(quota);
    if (unserved !== null) complain(["quotas", at], `${unserved}, which this version does not serve`);
  });
  const names = new Set<string>();
  cases.forEach(({ name, now, callouts = [] }, at) => {
    callouts.forEach((callout, place) => checkCallout(callout, ["cases", at, "callouts", place], complain));
    if (names.has(name)) complain(["cases", at, "name"], `a case named ${JSON.stringify(name)} stands above`);
    names.add(name);
    if (now !== undefined && Number.isNaN(Date.parse(now))) {
      complain(["cases", at, "now"], `${JSON.stringify(now)} is no time`, "a time as 2026-01-01T00:00:00Z");
    }
  });
}
