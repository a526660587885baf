import { parseDurationMs } from "./duration";

describe("parseDurationMs", () => {
  it("reads every unit, with a fraction where it comes to whole milliseconds", () => {
    expect(parseDurationMs("250ms")).toBe(250);
    expect(parseDurationMs("0s")).toBe(0);
    expect(parseDurationMs("1.5s")).toBe(1500);
    expect(parseDurationMs("10m")).toBe(600_000);
    expect(parseDurationMs("2h")).toBe(7_200_000);
    expect(parseDurationMs("0.0005m")).toBe(30);
  });
  it("answers -1 for everything else", () => {
    const wrong = ["", "s", "5", "1.s", ".5s", "-1s", "1e3s", "1 s", "1.0005s", "0.5ms", "5d", "9999999999s", "1.2.3s"];
    for (let i = 0; i < wrong.length; i++) expect(parseDurationMs(wrong[i])).toBe(-1, wrong[i]);
  });
});
