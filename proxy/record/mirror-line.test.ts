import { expect, it } from "vitest";
import { mirrorLine } from "./mirror-line.ts";

it("mirrorLine tells both answers in one line of its own kind", () => {
  const line = mirrorLine(
    {
      slot: "copies",
      cluster: "shadow",
      outcome: "answered",
      status: 404,
      durationUs: 1234.5,
      primary: { id: "01ARZ3NDEKTSV4RRFFQ69G5FAV", status: 200, durationUs: 99.4 },
    },
    "proxy-1",
  );
  expect(line.endsWith("}\n")).toBe(true);
  expect(JSON.parse(line)).toEqual({
    kind: "mirror",
    id: "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    node: "proxy-1",
    slot: "copies",
    cluster: "shadow",
    outcome: "answered",
    status: 404,
    durationUs: 1235,
    primary: { status: 200, durationUs: 99 },
  });
});
