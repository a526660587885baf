// `callouts` of a case: what clusters answer when the filter asks them, and what it is expected to ask.

import { Type } from "typebox";
import type { Static } from "typebox";
import { DurationSchema } from "../documents/index.ts";
import type { Complain, Path } from "../documents/index.ts";
import { MESSAGES_MAX } from "./limits.ts";
import { FieldExpectations, Fields, Name, Status, closed } from "./message-schemas.ts";

const Message = Type.Union(
  [
    Type.String(),
    Type.Object({ base64: Type.String({ pattern: "^[A-Za-z0-9+/]*={0,2}$", description: "base64" }) }, closed),
  ],
  { description: "a text, or { base64: … }" },
);
export type MessageDocument = Static<typeof Message>;
const Messages = Type.Array(Message, { maxItems: MESSAGES_MAX });

const HttpAnswer = Type.Object(
  {
    status: Type.Optional(Status),
    headers: Type.Optional(Fields),
    body: Type.Optional(Type.String()),
    trailers: Type.Optional(Fields),
  },
  closed,
);

const GrpcAnswer = Type.Object(
  {
    metadata: Type.Optional(Fields),
    /** A call is answered with the first. */
    messages: Type.Optional(Messages),
    trailers: Type.Optional(Fields),
    status: Type.Optional(Type.Integer({ minimum: 0, maximum: 16, description: "a gRPC status, 0 to 16" })),
    message: Type.Optional(Type.String()),
    /** The server leaves a stream open: no status comes. */
    open: Type.Optional(Type.Boolean()),
  },
  closed,
);

/** Answers the first callout that fits and that no entry above has answered; when all that fit are used, the last one does. */
export const CalloutSchema = Type.Object(
  {
    cluster: Name,
    /** gRPC: POST and /service/method. */
    match: Type.Optional(Type.Object({ method: Type.Optional(Name), path: Type.Optional(Name) }, closed)),
    response: Type.Optional(HttpAnswer),
    grpc: Type.Optional(GrpcAnswer),
    fail: Type.Optional(Type.Enum(["timeout", "refused", "reset"])),
    after: Type.Optional(DurationSchema),
  },
  closed,
);
/** One entry of `callouts` in `request.yaml`: which callout it answers, and with what. */
export type CalloutDocument = Static<typeof CalloutSchema>;

export const CalloutExpectationSchema = Type.Object(
  {
    cluster: Type.Optional(Name),
    method: Type.Optional(Name),
    path: Type.Optional(Name),
    headers: Type.Optional(FieldExpectations),
    body: Type.Optional(Type.String()),
    /** Of gRPC, all that the filter sent. */
    messages: Type.Optional(Messages),
    outcome: Type.Optional(Type.Enum(["waiting", "answered", "failed", "cancelled"])),
  },
  closed,
);
export type CalloutExpectation = Static<typeof CalloutExpectationSchema>;

export function checkCallout({ response, grpc, fail }: CalloutDocument, path: Path, complain: Complain): void {
  const said = [response, grpc, fail].filter((one) => one !== undefined).length;
  if (said > 1) complain(path, "a callout has one answer", "one of response, grpc and fail");
}
