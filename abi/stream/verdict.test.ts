import { describe, expect, it } from "vitest";
import { codeName, codeOfStatus, decideCheck, NO_CODE, statusOfCode } from "./verdict.ts";

describe("decideCheck", () => {
  it.each([
    { name: "no opinion", kind: 0, requiresCheck: false, verdict: "noOpinion" },
    { name: "no opinion where one is required", kind: 0, requiresCheck: true, verdict: "error" },
    { name: "allow", kind: 1, requiresCheck: true, verdict: "allow" },
    { name: "deny", kind: 2, requiresCheck: true, verdict: "deny" },
    { name: "error", kind: 3, requiresCheck: false, verdict: "error" },
    { name: "pending, which nothing can end yet", kind: 4, requiresCheck: false, verdict: "error" },
  ])("$name", ({ kind, requiresCheck, verdict }) => {
    const outcome = decideCheck(kind, requiresCheck);
    expect(outcome.verdict).toBe(verdict);
    expect(outcome.problem === null).toBe(verdict !== "error");
  });
});

describe("codes", () => {
  it.each([
    { code: 7, name: "PERMISSION_DENIED", status: 403 },
    { code: 16, name: "UNAUTHENTICATED", status: 401 },
    { code: 8, name: "RESOURCE_EXHAUSTED", status: 429 },
    { code: 14, name: "UNAVAILABLE", status: 503 },
    { code: 5, name: "NOT_FOUND", status: 404 },
    // A deny that says OK still denies.
    { code: 0, name: "OK", status: 403 },
    { code: 99, name: "UNKNOWN", status: 403 },
    { code: NO_CODE, name: null, status: 403 },
  ])("$code is $name, $status", ({ code, name, status }) => {
    expect(codeName(code)).toBe(name);
    expect(statusOfCode(code)).toBe(status);
  });

  it.each([
    { status: 403, code: 7 },
    { status: 401, code: 16 },
    { status: 429, code: 8 },
    { status: 503, code: 14 },
    { status: 400, code: 3 },
    { status: 418, code: 2 },
    { status: 200, code: NO_CODE },
    { status: 302, code: NO_CODE },
  ])("status $status is code $code", ({ status, code }) => {
    expect(codeOfStatus(status)).toBe(code);
  });
});
