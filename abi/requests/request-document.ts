// request.yaml: requests with what is expected of them. One format for samples, `sluice test`, the proof's smoke run,
// `explain` and pinned fixtures.

import { Type } from "typebox";
import type { Static } from "typebox";
import { readDocument } from "../documents/index.ts";
import type { Complain } from "../documents/index.ts";
import { QuotasSchema, checkQuotas, unservedQuota } from "../quota/quota-document.ts";
import { CALLOUTS_MAX, CASES_MAX, CHUNKS_MAX, FIELDS_MAX, FREE_TEXT_CHARS_MAX } from "./limits.ts";

const closed = { additionalProperties: false } as const;
const Name = Type.String({ minLength: 1, maxLength: FREE_TEXT_CHARS_MAX });
const Status = Type.Integer({ minimum: 200, maximum: 599, description: "a final HTTP status, 200 to 599" });
const Fields = Type.Array(Type.Tuple([Name, Type.String()]), {
  maxItems: FIELDS_MAX,
  description: "a list of [name, value]",
});
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

const Callout = Type.Object(
  {
    cluster: Name,
    match: Type.Optional(Type.Object({ method: Type.Optional(Name), path: Type.Optional(Name) }, closed)),
    response: Type.Optional(
      Type.Object(
        { status: Type.Optional(Status), headers: Type.Optional(Fields), body: Type.Optional(Type.String()) },
        closed,
      ),
    ),
    fail: Type.Optional(Type.Enum(["timeout", "reset"])),
  },
  closed,
);

const FieldExpectations = Type.Record(Name, Type.Union([Type.String(), Type.Null(), Type.Array(Type.String())]), {
  description: "a value, a list of values, or null for absent",
});

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
    callouts: Type.Optional(Type.Array(Callout, { maxItems: CALLOUTS_MAX })),
    response: Type.Optional(MessageResponse),
    expect: Type.Optional(Expectations),
  },
  closed,
);

export const RequestsDocumentSchema = Type.Object(
  {
    apiVersion: Type.Literal("sluice/v1"),
    kind: Type.Literal("Requests"),
    pluginConfig: Type.Optional(Type.Unknown()),
    /** As a deployment's: each case starts with all of them unused. */
    quotas: Type.Optional(QuotasSchema),
    cases: Type.Array(Case, { minItems: 1, maxItems: CASES_MAX }),
  },
  closed,
);

export type RequestsDocument = Static<typeof RequestsDocumentSchema>;
export type RequestCase = Static<typeof Case>;
export type CaseExpectations = Static<typeof Expectations>;
export type FieldExpectation = Static<typeof FieldExpectations>[string];

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
  cases.forEach(({ name, now }, at) => {
    if (names.has(name)) complain(["cases", at, "name"], `a case named ${JSON.stringify(name)} stands above`);
    names.add(name);
    if (now !== undefined && Number.isNaN(Date.parse(now))) {
      complain(["cases", at, "now"], `${JSON.stringify(now)} is no time`, "a time as 2026-01-01T00:00:00Z");
    }
  });
}
