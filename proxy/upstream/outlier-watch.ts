// HOT: bench proxy.
// Counts an endpoint's failures in a row on this worker, and tells main of one that has too many: main alone decides
// who is ejected, so all workers agree. A cluster without outlier detection has none of these.

import type { OutlierConfig } from "../contract/index.ts";
import type { Endpoint, EndpointJudge } from "../snapshot/runtime.ts";
import { TELL_FAILING_MS } from "./limits.ts";

const NEVER = 0x3fffffff;

export class OutlierWatch implements EndpointJudge {
  private readonly errorsMax: number;
  private readonly gatewayFailuresMax: number;
  private readonly failing: (endpoint: Endpoint) => void;
  private readonly nowMs: () => number;

  constructor(config: OutlierConfig, failing: (endpoint: Endpoint) => void, nowMs = (): number => performance.now()) {
    this.errorsMax = config.consecutive5xx || NEVER;
    this.gatewayFailuresMax = config.consecutiveGatewayFailures || NEVER;
    this.failing = failing;
    this.nowMs = nowMs;
  }

  answered(endpoint: Endpoint, status: number): void {
    if (status < 500) {
      endpoint.errorsInRow = endpoint.gatewayFailuresInRow = 0;
      return;
    }
    endpoint.errorsInRow++;
    if (status >= 502 && status <= 504) endpoint.gatewayFailuresInRow++;
    else endpoint.gatewayFailuresInRow = 0;
    this.judge(endpoint);
  }

  failed(endpoint: Endpoint): void {
    endpoint.errorsInRow++;
    endpoint.gatewayFailuresInRow++;
    this.judge(endpoint);
  }

  private judge(endpoint: Endpoint): void {
    if (endpoint.errorsInRow < this.errorsMax && endpoint.gatewayFailuresInRow < this.gatewayFailuresMax) return;
    endpoint.errorsInRow = endpoint.gatewayFailuresInRow = 0;
    const now = this.nowMs();
    if (now - endpoint.toldFailingMs < TELL_FAILING_MS) return;
    endpoint.toldFailingMs = now;
    this.failing(endpoint);
  }
}
