import { headOf } from "@sluice/abi/data-path";
import { describe, expect, it } from "vitest";
import { OWN_FIELDS_BYTES, RequestIds, writeOwnFields } from "./own-fields.ts";

describe("writeOwnFields", () => {
  it("adds lines and fields that say the same, for one address and host after the other", () => {
    const ids = new RequestIds({ wallMs: Date.UTC(2026, 0, 1) });
    const longest = `${"a".repeat(63)}.`.repeat(4).slice(0, 255) + ":65535";
    for (const [address, node, host] of [
      ["198.51.100.7", "198.51.100.7", "a.test"],
      ["2001:db8::1", '"[2001:db8::1]"', "[::1]:8080"],
      ["198.51.100.7", "198.51.100.7", longest],
    ] as const) {
      const head = headOf([
        [":method", "GET"],
        [":path", "/"],
        [":authority", host],
      ]);
      const store = new Uint8Array(4 + OWN_FIELDS_BYTES);
      head.bytes = store;
      const idAt = writeOwnFields(head, store, 4, address, ids);
      const fields = head.toPairs().slice(3);
      expect(fields.slice(0, 4)).toEqual([
        ["x-forwarded-for", address],
        ["x-forwarded-proto", "http"],
        ["forwarded", `for=${node};proto=http;host="${host}"`],
        ["x-forwarded-host", host],
      ]);
      const text = Buffer.from(store).toString("latin1", 4).replace(/\0+$/, "");
      expect(text).toBe(fields.map(([name, value]) => `${name}: ${value}\r\n`).join(""));
      expect(Buffer.from(store).toString("latin1", idAt, idAt + 26)).toBe(fields[4]![1]);
    }
  });
});

describe("RequestIds", () => {
  it("gives different identifiers that sort in the order they were given, over a change of time", () => {
    const clock = { wallMs: Date.UTC(2026, 0, 1) };
    const ids = new RequestIds(clock);
    const given = Array.from({ length: 3_000 }, (_, i) => {
      if (i % 1_000 === 0) clock.wallMs++;
      return ids.nextString();
    });
    expect(new Set(given).size).toBe(given.length);
    expect(given.every((id) => /^[0-9A-HJKMNP-TV-Z]{26}$/.test(id))).toBe(true);
    expect(given.toSorted()).toEqual(given);
  });

  it("begins with the time as a ULID does", () => {
    expect(new RequestIds({ wallMs: 1_469_918_176_385 }).nextString().slice(0, 10)).toBe("01ARYZ6S41");
  });
});
