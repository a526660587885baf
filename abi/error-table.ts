// Every error of the abi package; docs/errors.md is generated from it. Codes are never reused.

import type { ErrorTable } from "./errors.ts";

export const ABI_ERRORS = {
  documentRefused: {
    code: "SLUICE-E1001",
    meaning: "A document (YAML or JSON) could not be read: its text, a key or a value is not what the format allows.",
    hint: "Each line names file, line and column and what is allowed there; nothing of the document was used.",
  },
} as const satisfies ErrorTable;
