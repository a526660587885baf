import { Head } from "@sluice/abi";
import { describe, expect, it } from "vitest";
import { OWN_FIELDS_BYTES, RequestIds, writeOwnFields } from "./own-fields.ts";

describe("writeOwnFields", () => {
  it("adds lines and fields that say the same, for one address after the other", () => {
    const ids = new RequestIds({ wallMs: Date.UTC(2026, 0, 1) });
    for (const address of ["198.51.100.7", "2001:db8::1", "198.51.100.7"]) {
      const head = new Head();
      const store = new Uint8Array(4 + OWN_FIELDS_BYTES);
      head.reset(store);
      const idAt = writeOwnFields(head, store, 4, address, ids);
      const [forwarded, proto, id] = head.toPairs();
      expect([forwarded, proto]).toEqual([
        ["x-forwarded-for", address],
        ["x-forwarded-proto", "http"],
      ]);
      const text = Buffer.from(store).toString("latin1", 4).replace(/\0+$/, "");
      expect(text).toBe(`x-forwarded-for: ${address}\r\nx-forwarded-proto: http\r\nx-request-id: ${id![1]}\r\n`);
      expect(Buffer.from(store).toString("latin1", idAt, idAt + 26)).toBe(id![1]);
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
