// The examples of docs/routing.md, each read as a part of a whole sluice.yaml.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  DIRECT_FILE_BYTES_MAX,
  RETRY_ATTEMPTS_MAX,
  RETRY_BODY_BYTES_DEFAULT,
  RETRY_BUDGET_PERCENT_DEFAULT,
} from "./limits.ts";
import { parseMachine } from "./machine.ts";

const page = readFileSync(new URL("../../docs/routing.md", import.meta.url), "utf8");
const examples = [...page.matchAll(/```yaml\n(.*?)```/gs)].map((match) => match[1]!);

const REST: Readonly<Record<string, string>> = {
  apiVersion: "sluice/v1",
  kind: "Proxy",
  node: "{ id: proxy-1 }",
  listeners: "[{ name: http, address: 127.0.0.1:8080 }]",
  routes: "[]",
  clusters: "[]",
};

describe("docs/routing.md", () => {
  it("has examples of all that routes do", () => {
    expect(examples.length).toBeGreaterThan(6);
    for (const key of [
      "regex",
      "clusters: [{",
      "rewrite",
      "redirect",
      "direct",
      "retry",
      "requestHeaders",
      "tracing",
      "upgrade",
    ])
      expect(examples.join("")).toContain(key);
  });

  it.each(examples.map((text) => ({ text, name: text.split("\n")[1] ?? text })))("reads: $name", ({ text }) => {
    const missing = Object.entries(REST).filter(([key]) => !new RegExp(`^${key}:`, "m").test(text));
    const document = `${missing.map(([key, value]) => `${key}: ${value}\n`).join("")}${text}`;
    expect(() => parseMachine(document, "sluice.yaml")).not.toThrow();
  });

  it("tells the bounds that hold", () => {
    expect(DIRECT_FILE_BYTES_MAX).toBe(1024 ** 2);
    expect(page).toContain(`1 to ${RETRY_ATTEMPTS_MAX}`);
    expect(page).toContain(`default \`${RETRY_BODY_BYTES_DEFAULT / 1024}KiB\``);
    expect(page).toContain(`default ${RETRY_BUDGET_PERCENT_DEFAULT}, and 3 always`);
  });
});
