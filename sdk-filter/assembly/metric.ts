// Counters, gauges and histograms of a filter. Define them while the plugin starts; every worker adds to the same ones.

import { encodeText, encodedSize, out } from "./arena";
import { MetricType } from "./generated/enums";
import {
  proxy_define_metric,
  proxy_get_metric,
  proxy_increment_metric,
  proxy_record_metric,
} from "./generated/hostcalls";

/** One metric, named like `rbac.evaluation_failures`. */
@final
export class Metric {
  private readonly id: u32;

  static counter(name: string): Metric {
    return new Metric(MetricType.Counter, name);
  }
  static gauge(name: string): Metric {
    return new Metric(MetricType.Gauge, name);
  }
  static histogram(name: string): Metric {
    return new Metric(MetricType.Histogram, name);
  }

  constructor(type: MetricType, name: string) {
    const text = encodeText(name);
    proxy_define_metric(type, text, encodedSize(), out);
    this.id = load<u32>(out);
  }

  /** Counters go up only; gauges both ways. */
  increment(by: i64 = 1): void {
    proxy_increment_metric(this.id, by);
  }
  /** Sets a gauge, observes a value in a histogram. */
  record(value: u64): void {
    proxy_record_metric(this.id, value);
  }
  /** The value of a counter or gauge. */
  read(): u64 {
    proxy_get_metric(this.id, out);
    return load<u64>(out);
  }
}
