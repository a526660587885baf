// Durations and sizes in the schemas of documents.

import { Type } from "typebox";
import { DURATION_PATTERN, SIZE_PATTERN } from "./quantities.ts";

const DURATION_DESCRIPTION = "a duration such as 1.5s (ms, s, m, h)";
export const SIZE_DESCRIPTION = "a size such as 16MiB (B, KiB, MiB, GiB)";

export const DurationSchema = Type.String({ pattern: DURATION_PATTERN, description: DURATION_DESCRIPTION });
export const SizeSchema = Type.String({ pattern: SIZE_PATTERN, description: SIZE_DESCRIPTION });
