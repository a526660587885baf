import { describe, expect, it } from "vitest";
import { parseWrk } from "./wrk.ts";

const output = `Running 4s test @ http://127.0.0.1:8080/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.25ms  500.00us   9.00ms   80.00%
    Req/Sec    50.00k     1.00k   52.00k    70.00%
  Latency Distribution
     50%    1.10ms
     75%    1.40ms
     90%  900.00us
     99%    3.20ms
  99.9% 4800us
  200000 requests in 4.00s, 240.00MB read
Requests/sec:  50000.50
Transfer/sec:     60.00MB
`;

describe("parseWrk", () => {
  it("reads rate, count and latencies in one unit", () => {
    expect(parseWrk(output)).toEqual({
      requestsPerSecond: 50000.5,
      requests: 200000,
      p50Us: 1100,
      p99Us: 3200,
      p999Us: 4800,
      maxUs: 9000,
      failures: 0,
    });
  });

  it("adds up socket errors and answers that are no success", () => {
    const bad = `${output}  Socket errors: connect 1, read 2, write 3, timeout 4\n  Non-2xx or 3xx responses: 10\n`;
    expect(parseWrk(bad).failures).toBe(20);
  });
});
