// The examples of the README: each configuration decides its requests as the lines below it say.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildFilter } from "@sluice/sdk-filter";
import { FilterUnderTest } from "@sluice/sdk-filter/harness";
import type { TestRequest } from "@sluice/sdk-filter/harness";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

const { wasm } = await buildFilter(import.meta.dirname, { onlyWhenStale: true });
const readme = readFileSync(join(import.meta.dirname, "README.md"), "utf8");
const examples = [...readme.matchAll(/```yaml\n([^`]*)```\n\n```text\n([^`]*)```/g)];

describe.each(examples.map(([, config, lines], i) => ({ number: i + 1, config: config!, lines: lines! })))(
  "example $number of the README",
  ({ config, lines }) => {
    it.each(lines.trim().split("\n"))("%s", async (line) => {
      const [request, decision] = line.split("→").map((part) => part.trim());
      const filter = await FilterUnderTest.load(wasm, { config: parse(config) as unknown, requiresCheck: true });
      const { verdict } = filter.request(requestOf(request!));
      expect(verdict.kind === "allow" ? "allowed" : `denied ${verdict.reason}`).toBe(decision);
    });
  },
);

it("the README has examples", () => {
  expect(examples.length).toBe(3);
});

/** `GET http://a.test/x from 192.0.2.1, x-role: admin`: host, source and headers may be left out. */
function requestOf(text: string): TestRequest {
  const [line, ...headers] = text.split(", ");
  const [, method, authority, path, address] = /^(\S+) (?:http:\/\/([^/]+))?(\S+)(?: from (\S+))?$/.exec(line!)!;
  return {
    method: method!,
    path: path!,
    headers: headers.map((header) => header.split(": ") as [string, string]),
    ...(authority === undefined ? {} : { authority }),
    ...(address === undefined ? {} : { source: `${address}:40000` }),
  };
}
