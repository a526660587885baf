// proxy_get_metric
import { caller } from "../host/caller.ts";
import { OVERFLOW_INDEX, UNKNOWN_INDEX } from "../host/metric-ids.ts";
import { MetricType, Status } from "../spec/enums.ts";

export function proxyGetMetric(metricId: number, valueOut: number): number {
  const guest = caller();
  const { metrics, services } = guest.scope;
  const index = metrics.indexOf(metricId);
  if (index === UNKNOWN_INDEX) return Status.NotFound;
  if ((metricId & 3) === MetricType.Histogram) return Status.BadArgument;
  if (!guest.has(valueOut, 8)) return Status.InvalidMemoryAccess;
  guest.setU64(valueOut, index === OVERFLOW_INDEX ? 0n : BigInt(Math.trunc(services.metrics.read(index))));
  return Status.Ok;
}
