import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MatcherKind } from "../spec/enums.ts";
import { parseIpAddress } from "./ip-address.ts";
import { makeMatcher } from "./matcher.ts";
import type { Matcher } from "./matcher.ts";

const { Exact, Prefix, Suffix, Cidr } = MatcherKind;
const tableOf = (texts: readonly string[]) => texts.map((text, i) => ({ text: Buffer.from(text), class: i + 1 }));
const matcherOf = (kind: number, texts: readonly string[]): Matcher => {
  const made = makeMatcher(kind, tableOf(texts));
  if (typeof made === "string") throw new Error(made);
  return made;
};
/** Asked in the middle of other bytes, as a header's value is. */
const classIn = (matcher: Matcher, value: string): number => {
  const bytes = Buffer.from(`/x${value}/x`);
  return matcher.classOf(bytes, 2, bytes.length - 4);
};

describe("a table of strings", () => {
  const texts = ["/", "/users", "/users/", "/users/admin", "b", ""];

  it.each([
    { kind: Exact, value: "/users", is: 2 },
    { kind: Exact, value: "/users/1", is: 0 },
    { kind: Exact, value: "", is: 6 },
    { kind: Prefix, value: "/users/1", is: 3 },
    { kind: Prefix, value: "/users/admin/x", is: 4 },
    { kind: Prefix, value: "/usera", is: 1 },
    { kind: Prefix, value: "zzz", is: 6 },
    { kind: Suffix, value: "ab", is: 5 },
    { kind: Suffix, value: "x/users", is: 2 },
    { kind: Suffix, value: "x", is: 6 },
  ])("of kind $kind has class $is for '$value'", ({ kind, value, is }) => {
    expect(classIn(matcherOf(kind, texts), value)).toBe(is);
  });

  it("agrees with a look at every entry", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "/"), maxLength: 8 });
    fc.assert(
      fc.property(fc.uniqueArray(text, { maxLength: 40 }), text, (entries, value) => {
        const longest = (fits: (entry: string) => boolean): number => {
          const best = entries.filter(fits).toSorted((a, b) => b.length - a.length)[0];
          return best === undefined ? 0 : entries.indexOf(best) + 1;
        };
        expect(classIn(matcherOf(Exact, entries), value)).toBe(longest((entry) => entry === value));
        expect(classIn(matcherOf(Prefix, entries), value)).toBe(longest((entry) => value.startsWith(entry)));
        expect(classIn(matcherOf(Suffix, entries), value)).toBe(longest((entry) => value.endsWith(entry)));
      }),
      { numRuns: 300 },
    );
  });

  it("compares bytes, not characters", () => {
    const matcher = matcherOf(Prefix, ["é", "\u00ff"]);
    expect([classIn(matcher, "éa"), matcher.classOf(Buffer.from([0xc3]), 0, 1)]).toEqual([1, 0]);
  });

  it.each([Exact, Prefix, Suffix])("of kind %d refuses one string twice, and may be empty", (kind) => {
    expect(makeMatcher(kind, tableOf(["ab", "c", "ab"]))).toBe('"ab" is there twice');
    expect(classIn(matcherOf(kind, []), "a")).toBe(0);
  });
});

describe("a table of networks", () => {
  const matcher = matcherOf(Cidr, [
    "10.0.0.0/8",
    "10.1.0.0/16",
    "10.1.2.3",
    "2001:db8::/32",
    "2001:db8:0:1::/64",
    "::1",
    "0.0.0.0/0",
    "192.168.7.9/24",
  ]);

  it.each([
    ["10.9.9.9", 1],
    ["10.1.9.9", 2],
    ["10.1.2.3", 3],
    ["10.1.2.3:443", 3],
    ["[::ffff:10.1.2.3]:443", 3],
    ["2001:db8:ffff::", 4],
    ["2001:db8:0:1:2:3:4:5", 5],
    ["[2001:DB8:0:1::]:80", 5],
    ["::1", 6],
    ["::2", 0],
    ["8.8.8.8", 7],
    ["192.168.7.1", 8],
    ["10.1.2.3.4", 0],
    ["10.1.2.256", 0],
    ["10.1.2.03", 0],
    ["10.1.2", 0],
    ["10.1.2.3:", 0],
    ["10.1.2.3:x", 0],
    ["[::1", 0],
    ["[::1]x", 0],
    ["::1::", 0],
    [":", 0],
    ["1:2:3:4:5:6:7:8:9", 0],
    ["1:2:3:4:5:6:7:", 0],
    ["1::2:3:4:5:6:7:8", 0],
    ["fe80::1%eth0", 0],
    ["", 0],
    ["localhost", 0],
  ])("has for %s class %d", (value, is) => {
    expect(classIn(matcher, value)).toBe(is);
  });

  it.each([
    "10.0.0.0/33",
    "::/129",
    "10.0.0.0/",
    "10.0.0.0/-1",
    "10.0.0.0:80/8",
    "[::1]",
    "::1/x",
    "x",
    "",
    "/8",
    "10.0.0/8",
  ])("refuses %s", (text) => {
    expect(makeMatcher(Cidr, tableOf([text]))).toContain("is no network");
  });

  it("refuses one network twice, however it is written", () => {
    expect(makeMatcher(Cidr, tableOf(["10.0.0.0/8", "10.255.0.1/8"]))).toContain("is there twice");
    expect(makeMatcher(Cidr, tableOf(["1.2.3.4", "::ffff:1.2.3.4"]))).toContain("is there twice");
  });

  it("agrees with a look at every network, over both families", () => {
    const address = fc.oneof(
      fc.tuple(...[1, 2, 3, 4].map(() => fc.constantFrom(0, 1, 2, 255))).map((parts) => parts.join(".")),
      fc
        .tuple(...[1, 2, 3, 4].map(() => fc.constantFrom("0", "1", "ff00", "ffff")))
        .map((parts) => `${parts.join(":")}::`),
    );
    const network = fc.record({ address, part: fc.integer({ min: 0, max: 16 }) }).map(({ address: of, part }) => {
      return `${of}/${of.includes(":") ? part * 8 : part * 2}`;
    });
    const bitsOf = (text: string): string => {
      const out = new Uint8Array(16);
      expect(parseIpAddress(Buffer.from(text), 0, text.length, out)).toBe(true);
      return [...out].map((byte) => byte.toString(2).padStart(8, "0")).join("");
    };
    const prefixOf = (text: string): string => {
      const [of, bits] = text.split("/") as [string, string];
      return bitsOf(of).slice(0, Number(bits) + (of.includes(":") ? 0 : 96));
    };
    const networks = fc.uniqueArray(network, { maxLength: 30, selector: prefixOf });
    fc.assert(
      fc.property(networks, address, (entries, value) => {
        const around = entries.filter((entry) => bitsOf(value).startsWith(prefixOf(entry)));
        const smallest = around.toSorted((a, b) => prefixOf(b).length - prefixOf(a).length)[0];
        const expected = smallest === undefined ? 0 : entries.indexOf(smallest) + 1;
        expect(classIn(matcherOf(Cidr, entries), value)).toBe(expected);
      }),
      { numRuns: 300 },
    );
  });
});
