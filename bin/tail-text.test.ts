import { describe, expect, it } from "vitest";
import { recordText } from "./tail-text.ts";

const record = {
  time: "2026-01-01T12:00:00.123Z",
  node: "proxy-1",
  route: "api",
  upstream: null,
  source: "198.51.100.7",
  method: "GET",
  authority: "a.test",
  path: "/internal/x",
  status: 403,
  flags: ["UAEX"],
  durationUs: 180,
  slots: [
    { slot: "authn", verdict: "allow", code: null, reason: null, dryRun: false, error: null },
    { slot: "rbac", verdict: "deny", code: "PERMISSION_DENIED", reason: "closed", dryRun: false, error: null },
    {
      slot: "new",
      verdict: "error",
      code: null,
      reason: null,
      dryRun: true,
      error: { cause: "trap", message: "oops" },
    },
  ],
};

describe("recordText", () => {
  it("says on one line what came, what became of it, and who decided", () => {
    expect(recordText(JSON.stringify(record))).toBe(
      "12:00:00.123 proxy-1 403 GET a.test/internal/x  from 198.51.100.7  api → –  0.2 ms  UAEX" +
        "  authn ✓  rbac ✕ PERMISSION_DENIED closed  new ! trap oops (dry run)",
    );
  });

  it.each(["\u001b[2J", "\r\n", "\u009b", "\u202e"])("lets %j drive no terminal", (word) => {
    const text = recordText(JSON.stringify({ ...record, path: `/${word}x`, authority: word }));
    expect(text).not.toContain(word);
    expect(text.split("\n")).toHaveLength(1);
  });

  it("shows a record of another kind as it is", () => {
    expect(recordText('{"kind":"mirror","status":200}')).toBe('{"kind":"mirror","status":200}');
  });
});
