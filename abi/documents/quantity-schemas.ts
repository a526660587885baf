// Durations and sizes in the schemas of documents.

import { Type } from "typebox";
import { DURATION_PATTERN, SIZE_PATTERN } from "./quantities.ts";

const DURATION_DESCRIPTION = "a duration such as 1.5s (ms, s, m, h)";
/** What a size is, for people who wrote another one. */
export const SIZE_DESCRIPTION = "a size such as 16MiB (B, KiB, MiB, GiB)";

/** A time as documents write it, `250ms` or `5s`; `durationMs` reads it. */
export const DurationSchema = Type.String({ pattern: DURATION_PATTERN, description: DURATION_DESCRIPTION });
/** A size as documents write it, `64KiB`; `sizeBytes` reads it. */
export const SizeSchema = Type.String({ pattern: SIZE_PATTERN, description: SIZE_DESCRIPTION });
