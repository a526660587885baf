// headers in the real host: what rules do to both messages, hostile values, and what configure refuses.

import { buildFilter } from "@sluice/sdk-filter";
import { FilterUnderTest } from "@sluice/sdk-filter/harness";
import type { ReceivedMessage, TestRequest } from "@sluice/sdk-filter/harness";
import { describe, expect, it } from "vitest";

const { wasm } = await buildFilter(import.meta.dirname, { onlyWhenStale: true });

const load = (...rules: object[]): Promise<FilterUnderTest> =>
  FilterUnderTest.load(wasm, { config: { rules }, isolation: "shared" });
const set = (name: string, value: string): object => ({ set: [{ name, value }] });

/** Every value under a name. */
function lines(message: ReceivedMessage | null, name: string): string[] {
  return message!.headers.filter(([key]) => key === name).map(([, value]) => value);
}

describe("headers", () => {
  it("removes first, then sets, then adds", async () => {
    const changes = {
      add: [{ name: "x-a", value: "3" }],
      set: [{ name: "x-a", value: "2" }],
      remove: ["x-a", "x-b"],
    };
    const filter = await load({ request: changes, response: changes });
    const headers: TestRequest["headers"] = [
      ["x-a", "0"],
      ["x-a", "1"],
      ["x-b", "0"],
    ];
    const { forwarded, response } = filter.request({ headers, response: { headers } });
    expect(lines(forwarded, "x-a")).toEqual(["2", "3"]);
    expect(lines(response, "x-a")).toEqual(["2", "3"]);
    expect(lines(forwarded, "x-b")).toEqual([]);
  });

  it("applies a later rule to what an earlier one left, under conditions that were looked at before both", async () => {
    const filter = await load(
      { request: set("x-tier", "gold") },
      { when: [{ attribute: "request.headers[x-tier]", values: ["gold"] }], request: set("x-seen", "gold") },
      { request: { remove: ["x-tier"] } },
    );
    const { forwarded } = filter.request();
    expect(lines(forwarded, "x-tier")).toEqual([]);
    expect(lines(forwarded, "x-seen")).toEqual([]);
    expect(lines(filter.request({ headers: [["x-tier", "gold"]] }).forwarded, "x-seen")).toEqual(["gold"]);
  });

  it("changes each response by the rules of its own request, with streams between", async () => {
    const filter = await load({
      when: [{ attribute: "request.url_path", values: ["/a"] }],
      response: set("x-a", "yes"),
    });
    for (let i = 0; i < 300; i++) {
      const path = i % 3 === 0 ? "/a" : "/b";
      expect(lines(filter.request({ path }).response, "x-a")).toEqual(path === "/a" ? ["yes"] : []);
    }
    expect(filter.memoryBytes).toBeLessThanOrEqual(256 * 1024);
  });

  it.each([
    { name: "no line", values: [], holds: { any: false, none: true } },
    { name: "one line that fits", values: ["on"], holds: { any: true, none: false } },
    { name: "a second line that fits", values: ["off", "on"], holds: { any: true, none: false } },
    { name: "lines that do not fit", values: ["off", "off"], holds: { any: false, none: true } },
    { name: "a line of lines", values: ["off,on"], holds: { any: false, none: true } },
  ])("looks at every line of a header: $name", async ({ values, holds }) => {
    const when = (key: string): object[] => [{ attribute: "request.headers[x-switch]", [key]: ["on"] }];
    const filter = await load(
      { when: when("values"), request: set("x-any", "1") },
      { when: when("notValues"), request: set("x-none", "1") },
    );
    const { forwarded } = filter.request({ headers: values.map((value) => ["x-switch", value]) });
    expect({ any: lines(forwarded, "x-any").length > 0, none: lines(forwarded, "x-none").length > 0 }).toEqual(holds);
  });

  it("writes numbers of the connection and the response in digits", async () => {
    const filter = await load({
      request: set("x-port", "${destination.port}"),
      response: set("x-code", "code ${response.code}"),
    });
    const { forwarded, response } = filter.request({ destinationPort: 8443, response: { status: 404 } });
    expect(lines(forwarded, "x-port")).toEqual(["8443"]);
    expect(lines(response, "x-code")).toEqual(["code 404"]);
  });

  it("removes a name it would set when the value is absent or too long, and adds nothing", async () => {
    const value = "${request.headers[x-long]}${request.headers[x-long]}";
    const filter = await load({ request: { set: [{ name: "x-a", value }], add: [{ name: "x-b", value }] } });
    for (const headers of [
      [["x-a", "forged"]],
      [
        ["x-a", "forged"],
        ["x-long", "l".repeat(4097)],
      ],
    ] as const) {
      const { forwarded, error } = filter.request({ headers });
      expect(error).toBeNull();
      expect([...lines(forwarded, "x-a"), ...lines(forwarded, "x-b")]).toEqual([]);
    }
    const longest = filter.request({ headers: [["x-long", "l".repeat(4096)]] });
    expect(lines(longest.forwarded, "x-a")[0]).toHaveLength(8192);
  });

  it("passes bytes that are not UTF-8 as they came", async () => {
    const filter = await load({ request: set("x-copy", "${request.headers[x-raw]}") });
    const { forwarded } = filter.request({ headers: [["x-raw", "\u00ff\u00fe\u0080"]] });
    expect(lines(forwarded, "x-copy")).toEqual(["\u00ff\u00fe\u0080"]);
  });

  it("keeps to its thirty-two rules", async () => {
    const rules = Array.from({ length: 32 }, (_, i) => ({ response: set(`x-${i}`, "1") }));
    const { response } = (await load(...rules)).request();
    expect(response!.headers.filter(([name]) => name.startsWith("x-"))).toHaveLength(32);
    await expect(load(...rules, rules[0]!)).rejects.toThrow("more than 32");
  });
});

describe("configure refuses", () => {
  const value = (text: string): object => ({ request: set("x-a", text) });
  it.each([
    { name: "a rule without changes", rule: {}, says: "rules[0]: request or response is expected" },
    { name: "an unknown key", rule: { requests: {} }, says: "rules[0].requests: unknown key" },
    { name: "a lone dollar", rule: value("5$"), says: "rules[0].request.set[0].value: a value is text" },
    { name: "a line break", rule: value("a\r\nset-cookie: b"), says: "request.set[0].value" },
    { name: "an unknown attribute", rule: value("${source.name}"), says: "unknown attribute source.name" },
    { name: "a pseudo header", rule: { request: set(":path", "/a") }, says: "':path' is no header name" },
    { name: "a name with a space", rule: { request: { remove: ["a b"] } }, says: "request.remove[0]: 'a b'" },
    { name: "a framing field", rule: { response: set("Content-Length", "0") }, says: "frames messages" },
    {
      name: "a condition on the response",
      rule: { when: [{ attribute: "response.code", values: ["200"] }], ...value("a") },
      says: "rules[0].when[0]: conditions are about the request",
    },
    {
      name: "a condition without values",
      rule: { when: [{ attribute: "request.method" }], ...value("a") },
      says: "rules[0].when[0]: either values or notValues",
    },
    {
      name: "a condition with a star in the middle",
      rule: { when: [{ attribute: "request.method", values: ["a*b"] }], ...value("a") },
      says: "'a*b' is no pattern",
    },
  ])("$name", async ({ rule, says }) => {
    await expect(load(rule)).rejects.toThrow(says);
  });
});
