import { expect, it } from "vitest";

import { markdownOf } from "./figure-table.ts";
import { atMost, told } from "./figure.ts";

it("makes a table for each scenario and one of the budgets", () => {
  const figures = [
    told("plain, nginx: throughput", 68_373, "req/s"),
    told("plain, nginx: p99", 1_450, "us"),
    atMost("plain, nginx: failed requests", 0, "", 0),
    told("plain, sluice: throughput", 65_868.4, "req/s"),
    told("plain, sluice: p99", 1_500, "us"),
    told("plain, sluice: throughput by nginx", 0.963, "x"),
    atMost("plain, sluice: failed requests", 2, "", 0),
    atMost("plain: CPU per request, sluice by nginx", 1.2, "x", 1.15),
  ];
  expect(markdownOf(figures)).toBe(`### plain

|  | throughput, req/s | p99, us | throughput by nginx, x | failed requests |
| --- | ---: | ---: | ---: | ---: |
| nginx | 68,370 | 1,450 |  |  |
| sluice | 65,870 | 1,500 | 0.963 | 2 |

### Budgets

| figure | measured | budget |  |
| --- | ---: | ---: | --- |
| plain, sluice: failed requests | 2 | 0  | missed |
| plain: CPU per request, sluice by nginx | 1.2 | 1.15 x | missed |`);
});
