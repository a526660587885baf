// HOT: bench abi. proxy_record_metric: sets a gauge, observes a histogram, adds to a counter (as Envoy does).
import { caller } from "../host/caller.ts";
import { OVERFLOW_INDEX, UNKNOWN_INDEX } from "../host/metric-ids.ts";
import { MetricType, Status } from "../spec/enums.ts";

export function proxyRecordMetric(metricId: number, value: bigint): number {
  const { metrics, services } = caller().scope;
  const index = metrics.indexOf(metricId);
  if (index === UNKNOWN_INDEX) return Status.NotFound;
  if (index === OVERFLOW_INDEX) return Status.Ok;
  const amount = Number(BigInt.asUintN(64, value));
  const kind = metricId & 3;
  if (kind === MetricType.Counter) services.metrics.add(index, amount);
  else if (kind === MetricType.Gauge) services.metrics.set(index, amount);
  else services.metrics.observe(index, amount);
  return Status.Ok;
}
