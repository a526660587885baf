// Which header fields a route may change: not those that frame a message or belong to one hop, which are the codec's,
// and not what this proxy alone says of a request.

import { classifyField, FIELD } from "../codec/field-class.ts";

/** Why `name` (in small letters) may not be set or removed by a route; null when it may. */
export function headerNameProblem(name: string): string | null {
  const bytes = Buffer.from(name, "latin1");
  const fieldClass = classifyField(bytes, 0, bytes.length);
  if (fieldClass === FIELD.revision) return `${name} is this proxy's own`;
  if (fieldClass === FIELD.claim && !name.startsWith("x-forwarded-") && name !== "forwarded")
    return `${name} is this proxy's own`;
  if (fieldClass !== FIELD.ordinary && fieldClass !== FIELD.claim)
    return `${name} frames messages or belongs to one connection`;
  return name === "trailer" ? "trailer frames messages or belongs to one connection" : null;
}
