// HOT: bench abi. proxy_increment_metric: counters only go up, gauges both ways. The offset is an i64, hence a BigInt.
import { caller } from "../host/caller.ts";
import { OVERFLOW_INDEX, UNKNOWN_INDEX } from "../host/metric-ids.ts";
import { MetricType, Status } from "../spec/enums.ts";

export function proxyIncrementMetric(metricId: number, offset: bigint): number {
  const { metrics, services } = caller().scope;
  const index = metrics.indexOf(metricId);
  if (index === UNKNOWN_INDEX) return Status.NotFound;
  const kind = metricId & 3;
  if (kind === MetricType.Histogram || (kind === MetricType.Counter && offset <= 0n)) return Status.BadArgument;
  if (index !== OVERFLOW_INDEX) services.metrics.add(index, Number(offset));
  return Status.Ok;
}
