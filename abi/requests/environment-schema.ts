// `environment` of a revision and of a request file: what a module reads as environment variables, and all of them.

import { Type } from "typebox";
import { ENVIRONMENT_NAME_CHARS_MAX, ENVIRONMENT_VALUE_CHARS_MAX, ENVIRONMENT_VARIABLES_MAX } from "./limits.ts";

const Value = Type.String({
  maxLength: ENVIRONMENT_VALUE_CHARS_MAX,
  pattern: "^[^\\u0000]*$",
  description: "a text without NUL",
});

/** `environment` of a revision: what its module reads through WASI. */
export const EnvironmentSchema = Type.Record(
  Type.String({ pattern: `^[A-Za-z_][A-Za-z0-9_]{0,${ENVIRONMENT_NAME_CHARS_MAX - 1}}$` }),
  Value,
  {
    additionalProperties: false,
    maxProperties: ENVIRONMENT_VARIABLES_MAX,
    description: `at most ${ENVIRONMENT_VARIABLES_MAX} names of letters, digits and _, each with a text`,
  },
);
