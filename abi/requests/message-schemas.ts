// What messages and their expectations are made of, wherever a request file says one.

import { Type } from "typebox";
import type { Static } from "typebox";
import { FIELDS_MAX, FREE_TEXT_CHARS_MAX } from "./limits.ts";

export const closed = { additionalProperties: false } as const;
export const Name = Type.String({ minLength: 1, maxLength: FREE_TEXT_CHARS_MAX });
export const Status = Type.Integer({ minimum: 200, maximum: 599, description: "a final HTTP status, 200 to 599" });
export const Fields = Type.Array(Type.Tuple([Name, Type.String()]), {
  maxItems: FIELDS_MAX,
  description: "a list of [name, value]",
});

export const FieldExpectations = Type.Record(
  Name,
  Type.Union([Type.String(), Type.Null(), Type.Array(Type.String())]),
  {
    description: "a value, a list of values, or null for absent",
  },
);
export type FieldExpectation = Static<typeof FieldExpectations>[string];
