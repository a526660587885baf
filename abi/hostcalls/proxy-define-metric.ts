// proxy_define_metric
import { caller } from "../host/caller.ts";
import { NAME_BYTES_MAX } from "../host/limits.ts";
import type { MetricType as Kind } from "../host/services.ts";
import { MetricType, Status } from "../spec/enums.ts";

export function proxyDefineMetric(metricType: number, namePtr: number, nameSize: number, metricIdOut: number): number {
  const guest = caller();
  if (metricType >>> 0 > MetricType.Histogram) return Status.BadArgument;
  if (!guest.has(namePtr, nameSize) || !guest.has(metricIdOut, 4)) return Status.InvalidMemoryAccess;
  if (nameSize === 0 || nameSize >>> 0 > NAME_BYTES_MAX) return Status.BadArgument;
  const name = guest.text(namePtr, nameSize, NAME_BYTES_MAX);
  guest.setU32(metricIdOut, guest.scope.metrics.define(metricType as Kind, name));
  return Status.Ok;
}
