// `drain` of sluice.yaml: how a proxy that is told to end leaves its traffic.

import { DurationSchema, durationMs } from "@sluice/abi";
import { Type } from "typebox";
import type { Static } from "typebox";

export const DrainSchema = Type.Object(
  { delay: Type.Optional(DurationSchema), timeout: Type.Optional(DurationSchema) },
  { additionalProperties: false },
);

export interface DrainConfig {
  /** From `/readyz` turning red to the end of accepting: time for load balancers to look away. */
  readonly delayMs: number;
  /** How long streams may then go on before they are cut. */
  readonly timeoutMs: number;
}

/** No delay: who has no load balancer in front should not wait for one. */
export function settleDrain({ delay = "0s", timeout = "5s" }: Static<typeof DrainSchema>): DrainConfig {
  return { delayMs: durationMs(delay), timeoutMs: durationMs(timeout) };
}
